import { useEffect, useRef, useState } from "react";

import type { CardFragment } from "./gql/graphql";
import { useStories } from "./newsroom";
import { Picture } from "./Picture";
import { Link, usePage } from "./router";
import { useSections } from "./sections";
import { Time } from "./Time";

/** All stories, or those of a section. */
export function FrontPage({ section }: { section?: string }) {
  const { items, status, hasMore, more, readMore, retry } = useStories(section);
  const name = useSections().find(({ slug }) => slug === section)?.name;
  const heading = useRef<HTMLHeadingElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const [wanted, want] = useState<Element | null>(null); // after which item the reader has asked for more
  usePage(section ? name : "", heading);

  useEffect(() => {
    const next = wanted?.nextElementSibling;
    if (!next) return;
    next.querySelector("a")?.focus();
    want(null);
  }, [items, wanted]);

  return (
    <section data-stories aria-busy={status === "loading"}>
      <h1 ref={heading} tabIndex={-1}>{section ? (name ?? section) : "Latest news"}</h1>
      <ol ref={list} className="cards">
        {items.map((story, place) => (
          <Card key={story.id} story={story} eager={place < 2} />
        ))}
      </ol>
      {status === "failed" && (
        <p role="alert">
          The stories can’t be read. <button type="button" onClick={retry}>Try again</button>
        </p>
      )}
      {status === "ready" && items.length === 0 && <p>Nothing yet.</p>}
      {hasMore && (
        <More
          state={more}
          near={readMore}
          pressed={() => {
            want(list.current?.lastElementChild ?? null);
            void readMore();
          }}
        />
      )}
    </section>
  );
}

function Card({ story, eager }: { story: CardFragment; eager: boolean }) {
  return (
    <li data-id={story.id} data-version={story.version} lang={story.language}>
      <article>
        {story.image && <Picture image={story.image} eager={eager} />}
        <h2>
          <Link href={`/story/${story.slug}`}>{story.title}</Link>
        </h2>
        <p>{story.summary}</p>
        {story.publishedAt && <Time at={story.publishedAt} />}
      </article>
    </li>
  );
}

/** Calls near when the end of the list comes near, and pressed when somebody who does not scroll asks for it. */
function More({ state, near, pressed }: { state: "idle" | "loading" | "failed"; near: () => void; pressed: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (state !== "idle") return; // after a failure it is for the reader to try again
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) near();
      },
      { rootMargin: "600px" },
    );
    observer.observe(button.current!);
    return () => observer.disconnect();
  }, [state, near]);
  return (
    <button ref={button} type="button" data-more aria-disabled={state === "loading"} onClick={pressed}>
      {state === "failed" ? "That did not work. Try again" : state === "loading" ? "Reading…" : "More stories"}
    </button>
  );
}
