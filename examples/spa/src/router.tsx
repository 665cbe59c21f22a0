// Three kinds of addresses need no library.
import { useEffect, useSyncExternalStore, type ComponentProps, type RefObject } from "react";

const moved = "moved"; // history.pushState tells nobody

/** The path of the page, as it changes. */
export function usePath(): string {
  return useSyncExternalStore(watch, () => location.pathname, () => "/");
}

function watch(listener: () => void) {
  const events = new AbortController();
  for (const name of ["popstate", moved]) addEventListener(name, listener, events);
  return () => events.abort();
}

/** Puts another address in the place of this one. */
export function redirect(path: string) {
  history.replaceState(null, "", path);
  dispatchEvent(new Event(moved));
}

/** A link within the application. */
export function Link({ href, ...rest }: ComponentProps<"a"> & { href: string }) {
  return (
    <a
      {...rest}
      href={href}
      aria-current={usePath() === href ? "page" : undefined}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return; // another tab
        event.preventDefault();
        history.pushState(null, "", href);
        dispatchEvent(new Event(moved));
        scrollTo(0, 0);
      }}
    />
  );
}

let entered = false;

/** Names the document after the page, and moves the focus to its heading as a browser does on a new page; not on the first. */
export function usePage(title: string | undefined, heading: RefObject<HTMLHeadingElement | null>) {
  useEffect(() => {
    if (title === undefined) return; // not read yet
    document.title = title === "" ? "Dépêche" : `${title} – Dépêche`;
    if (entered) heading.current?.focus({ preventScroll: true });
    entered = true;
  }, [title, heading]);
}
