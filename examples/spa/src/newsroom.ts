// The hooks by which components get at what lives.
import { createContext, useContext, useSyncExternalStore } from "react";

import type { Newsroom } from "./api";
import type { Feed } from "./live/feed";

export const NewsroomContext = createContext<Newsroom | null>(null);

function useNewsroom(): Newsroom {
  const newsroom = useContext(NewsroomContext);
  if (!newsroom) throw new Error("there is no NewsroomContext around this component");
  return newsroom;
}

/** The live ticker. */
export const useTicker = () => useFeed(useNewsroom().ticker);

/** The stories of a section, or all, newest first. */
export const useStories = (section?: string) => useFeed(useNewsroom().stories(section));

/** Whether what lives is up to date. */
export function useConnection() {
  const { live } = useNewsroom();
  return useSyncExternalStore(live.watch, live.state, live.state);
}

function useFeed<T>(feed: Feed<T>) {
  const state = useSyncExternalStore(feed.watch, feed.state, feed.state);
  return { ...state, readMore: feed.more, retry: feed.retry };
}
