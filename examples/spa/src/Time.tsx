const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const moment = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });

/** An instant in the reader's zone; of today the time alone. */
export function Time({ at }: { at: string }) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return <time dateTime={at}>{(today ? clock : moment).format(date)}</time>;
}
