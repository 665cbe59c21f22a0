/**
 * Says times as the pages do, in the newsroom's zone.
 *
 * @param {string} lang fr or en
 * @param {string} zone an IANA name
 * @param {() => number} now in milliseconds
 */
export function makeWhen(lang, zone, now = Date.now) {
  const locale = lang === "en" ? "en-GB" : lang;
  const format = (options) => new Intl.DateTimeFormat(locale, { timeZone: zone, ...options });
  const clocks = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const days = format({ day: "numeric", month: "short" });
  const dates = format({ year: "numeric", month: "2-digit", day: "2-digit" });
  const whole = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const clock = (at) => clocks.format(new Date(at));
  return {
    clock,
    /** The time of day if it is today, else with the day. */
    short(at) {
      const date = new Date(at);
      return dates.format(date) === dates.format(now()) ? clock(date) : `${days.format(date)} ${clock(date)}`;
    },
    today: () => whole.format(now()),
  };
}
