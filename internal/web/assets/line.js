import { slots } from "./slots.js";

/**
 * Makes the element of a ticker line, as the server would.
 *
 * @param {HTMLTemplateElement} template
 * @param {object} line as the API gives it
 * @param {{ words: object, when: object, home: string, covers: boolean }} page
 * @returns {HTMLLIElement}
 */
export function makeLine(template, line, { words, when, home, covers }) {
  const item = template.content.firstElementChild.cloneNode(true);
  const retracted = line.status === "RETRACTED";
  const note = line.corrections?.[0];
  Object.assign(item.dataset, { id: line.id, version: line.version, at: line.occurredAt, priority: line.priority });
  item.classList.toggle("retracted", retracted);
  item.id = `line-${line.id}`;

  const fill = slots(item);
  fill("time", when.short(line.occurredAt), (time) => (time.dateTime = line.occurredAt));
  fill("priority", line.priority !== "ROUTINE" && words.say(`priority.${line.priority}`));
  fill("key", line.keyEvent);
  fill("withdrawn", retracted);
  fill("headline", headline(line, retracted, home));
  fill("text", !retracted && line.body);
  fill("correction", note && [element("b", words.say(`correction.${note.kind}`)), " ", element("span", note.note, { dir: "auto" })]);
  fill("coverage", !covers && line.coverage?.title, (a) => (a.href = `${home}/live/${line.coverage.slug}`));
  fill("source", line.source && (line.source.url ? element("a", line.source.name, { href: line.source.url, rel: "noopener" }) : line.source.name));
  const from = item.querySelector(".from");
  if (!from.childElementCount) from.remove();
  return item;
}

function headline(line, retracted, home) {
  if (retracted) return element("s", line.headline);
  if (line.story) return element("a", line.headline, { href: `${home}/story/${line.story.slug}` });
  return line.headline;
}

function element(name, text, attributes = {}) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.textContent = text;
  return e;
}
