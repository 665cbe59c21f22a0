import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { makeWords } from "../../internal/web/assets/words.js";

const web = new URL("../../internal/web/", import.meta.url);
const texts = (lang) => JSON.parse(readFileSync(new URL(`words/${lang}.json`, web), "utf8"));
const scripted = (lang) =>
  Object.fromEntries(Object.entries(texts(lang)).flatMap(([key, text]) => (key.startsWith("js.") ? [[key.slice(3), text]] : [])));

for (const { lang, n, want } of [
  { lang: "fr", n: 1, want: "1\u00a0nouvelle dépêche" },
  { lang: "fr", n: 3, want: "3\u00a0nouvelles dépêches" },
  { lang: "en", n: 1, want: "1 new line" },
  { lang: "en", n: 12, want: "12 new lines" },
]) {
  test(`${n} in ${lang}`, () => assert.equal(makeWords(scripted(lang), lang).count("new", n), want));
}

test("what is put in stands where it is asked for", () => {
  const words = makeWords({ a: "%s of %d", b: "100" }, "en");
  assert.equal(words.say("a", "$&", 3), "$& of 3");
  assert.equal(words.say("b", 1), "100");
  assert.equal(words.say("missing"), "missing");
});

for (const lang of ["fr", "en"]) {
  test(`the templates say nothing that is not there in ${lang}`, () => {
    const all = texts(lang);
    for (const name of readdirSync(new URL("templates/", web))) {
      const text = readFileSync(new URL(`templates/${name}`, web), "utf8");
      for (const [, key] of text.matchAll(/\bt "([^"]+)"/g)) assert.ok(key in all, `${name}: ${key}`);
      for (const [, begin] of text.matchAll(/\(print "([^"]+)"/g)) {
        assert.ok(Object.keys(all).some((key) => key.startsWith(begin)), `${name}: ${begin}`);
      }
    }
  });
}

test("French keeps its punctuation on the line", () => {
  for (const [key, text] of Object.entries(texts("fr"))) assert.doesNotMatch(text, / [:;!?»]|« /, key);
});

test("every module that is imported is there", () => {
  const assets = new URL("assets/", web);
  const names = readdirSync(assets);
  for (const name of names.filter((name) => name.endsWith(".js"))) {
    for (const [, imported] of readFileSync(new URL(name, assets), "utf8").matchAll(/from "\.\/([^"]+)"/g)) {
      assert.ok(names.includes(imported), `${name} imports ${imported}`);
    }
  }
});
