/**
 * The words of a page, in its language.
 *
 * @param {Record<string, string>} texts by their keys; %s and %d stand for what is put in
 * @param {string} lang of the texts, as BCP 47
 */
export function makeWords(texts, lang) {
  const plural = new Intl.PluralRules(lang);
  const say = (key, ...values) => (texts[key] ?? key).replace(/%[sd]/g, () => String(values.shift()));
  return {
    say,
    /** What is said of so many: the key with .one or .other behind it. */
    count: (key, n) => say(`${key}.${plural.select(n) === "one" ? "one" : "other"}`, n),
  };
}

/** The words that a page brings along. */
export function readWords(document) {
  return makeWords(JSON.parse(document.getElementById("words").textContent), document.documentElement.lang);
}
