import type { LineFragment } from "./gql/graphql";
import { useTicker } from "./newsroom";
import { Time } from "./Time";

export function Ticker() {
  const { items, status, latest, hasMore, more, readMore, retry } = useTicker();
  return (
    <aside className="ticker" aria-labelledby="ticker" data-ticker>
      <h2 id="ticker">Ticker</h2>
      <div className="box" role="region" aria-labelledby="ticker" tabIndex={0}>
        <ol>
          {items.map((line) => (
            <Line key={line.id} line={line} />
          ))}
        </ol>
        {hasMore && (
          <button type="button" disabled={more === "loading"} onClick={readMore}>
            Earlier
          </button>
        )}
      </div>
      {status === "failed" && (
        <p role="alert">
          The ticker can’t be followed. <button type="button" onClick={retry}>Try again</button>
        </p>
      )}
      <p className="unseen" role="status">
        {latest?.headline}
      </p>
    </aside>
  );
}

export function Line({ line }: { line: LineFragment }) {
  const retracted = line.status === "RETRACTED";
  const [correction] = line.corrections;
  return (
    <li data-id={line.id} data-version={line.version} data-priority={line.priority}>
      <Time at={line.occurredAt} /> {line.priority === "FLASH" && <strong>Flash </strong>}
      {retracted ? <s>{line.headline}</s> : line.headline}
      {correction && (
        <small>
          {retracted ? "Withdrawn" : "Corrected"}: {correction.note}
        </small>
      )}
    </li>
  );
}
