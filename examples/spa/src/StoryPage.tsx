import { useEffect, useRef } from "react";
import { useQuery } from "urql";

import { StoryDocument } from "./gql/graphql";
import { Picture } from "./Picture";
import { Link, redirect, usePage } from "./router";
import { Time } from "./Time";

export function StoryPage({ slug }: { slug: string }) {
  const [{ data, error }, retry] = useQuery({ query: StoryDocument, variables: { slug }, requestPolicy: "cache-and-network" });
  const story = data?.story;
  const heading = useRef<HTMLHeadingElement>(null);
  usePage(data ? (story?.title ?? "Not found") : undefined, heading);
  useEffect(() => {
    if (story && story.slug !== slug) redirect(`/story/${story.slug}`); // an earlier slug answers too
  }, [story, slug]);

  if (!data && error)
    return (
      <p role="alert">
        The story can’t be read. <button type="button" onClick={() => retry()}>Try again</button>
      </p>
    );
  if (!data) return <p aria-busy>Reading…</p>;
  if (!story) return <h1 ref={heading} tabIndex={-1}>There is no such story</h1>;
  return (
    <article className="story" lang={story.language}>
      <h1 ref={heading} tabIndex={-1}>{story.title}</h1>
      {story.status === "RETRACTED" && <p lang="en"><strong>This story has been withdrawn.</strong></p>}
      <p className="summary">{story.summary}</p>
      <p className="byline">
        {story.authors.map(({ name }) => name).join(", ")} {story.publishedAt && <Time at={story.publishedAt} />}
      </p>
      {story.image && (
        <figure>
          <Picture image={story.image} eager />
          <figcaption>
            {story.image.caption} <small>{story.image.credit}</small>
          </figcaption>
        </figure>
      )}
      {/* The server has sanitised it. */}
      <div dangerouslySetInnerHTML={{ __html: story.body.html }} />
      {story.corrections.length > 0 && (
        <section aria-labelledby="corrections" className="corrections">
          <h2 id="corrections" lang="en">Corrections</h2>
          <ul>
            {story.corrections.map(({ at, note }) => (
              <li key={at}>
                <Time at={at} /> {note}
              </li>
            ))}
          </ul>
        </section>
      )}
      {story.related.length > 0 && (
        <nav aria-labelledby="related">
          <h2 id="related" lang="en">Related</h2>
          <ul>
            {story.related.map(({ id, slug, title, language }) => (
              <li key={id} lang={language}>
                <Link href={`/story/${slug}`}>{title}</Link>
              </li>
            ))}
          </ul>
        </nav>
      )}
    </article>
  );
}
