// Starts what is on the page. Without any of it a page is complete, and stands still.
import { Announcer } from "./announce.js";
import { Cards } from "./cards.js";
import { Connection } from "./connection.js";
import { Coverage } from "./coverage.js";
import { positionPictures } from "./pictures.js";
import { readOperations } from "./read.js";
import { framesLater } from "./slide.js";
import { Story } from "./story.js";
import { startThemeSwitch } from "./theme-switch.js";
import { Ticker } from "./ticker.js";
import { makeWhen } from "./when.js";
import { readWords } from "./words.js";

const one = (selector) => document.querySelector(selector);
const { lang, dataset } = document.documentElement;
const words = readWords(document);

const page = {
  words,
  when: makeWhen(lang, dataset.zone),
  home: document.body.dataset.home,
  pictures: dataset.pictures,
  covers: Boolean(one("[data-coverage]")),
  operations: readOperations(document),
  announcer: new Announcer({
    polite: (text) => (one("[data-announce]").textContent = text),
    assertive: (text) => (one("[data-announce-now]").textContent = text),
    words,
  }),
  connection: new Connection(one("[data-connection]"), words),
  lineTemplate: one("#line-template"),
  cardTemplate: one("#card-template"),
};

const start = (selector, f) => {
  const element = one(selector);
  return element ? f(element) : undefined;
};

start("[data-today]", (p) => (p.textContent = page.when.today()));
start("[data-theme-switch]", startThemeSwitch);
start(".sections [aria-current]", (link) => framesLater(() => link.scrollIntoView({ block: "nearest", inline: "center" })));
positionPictures(document);
const coverage = start("[data-coverage]", (root) => new Coverage(root, page));
start("[data-wire]", (section) => new Ticker(section, page, coverage && ((event) => coverage.take(event))));
start("[data-cards]", (section) => new Cards(section, page));
start("[data-story]", (article) => new Story(article, page));
