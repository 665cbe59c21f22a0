import assert from "node:assert/strict";
import { test } from "node:test";

import { makeWhen } from "../../internal/web/assets/when.js";

const now = () => Date.parse("2026-11-22T13:30:00Z");

for (const { lang, at, want } of [
  { lang: "fr", at: "2026-11-22T13:05:00.000Z", want: "14:05" },
  { lang: "en", at: "2026-11-22T13:05:00.000Z", want: "14:05" },
  { lang: "fr", at: "2026-11-21T13:05:00.000Z", want: "21 nov. 14:05" },
  { lang: "en", at: "2026-11-21T13:05:00.000Z", want: "21 Nov 14:05" },
  { lang: "fr", at: "2026-11-21T22:59:00.000Z", want: "21 nov. 23:59" },
  { lang: "fr", at: "2026-11-21T23:00:00.000Z", want: "00:00" }, // it is today already in Paris
  { lang: "en", at: "2026-09-01T08:00:00.000Z", want: "1 Sept 10:00" },
  { lang: "fr", at: "2026-07-14T08:00:00.000Z", want: "14 juil. 10:00" },
]) {
  test(`${at} is ${want} in ${lang}`, () => assert.equal(makeWhen(lang, "Europe/Paris", now).short(at), want));
}

test("the date of the day", () => {
  assert.equal(makeWhen("fr", "Europe/Paris", now).today(), "dimanche 22 novembre 2026");
  assert.equal(makeWhen("en", "America/New_York", now).today(), "Sunday, 22 November 2026");
});
