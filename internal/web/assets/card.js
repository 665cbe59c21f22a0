import { slots } from "./slots.js";

/**
 * Makes the element of a story in a list, as the server would.
 *
 * @param {HTMLTemplateElement} template
 * @param {object} story as the API gives it
 * @param {{ when: object, home: string, pictures?: string }} page
 * @returns {HTMLLIElement}
 */
export function makeCard(template, story, { when, home, pictures }) {
  const item = template.content.firstElementChild.cloneNode(true);
  const section = story.tags.find(({ kind }) => kind === "SECTION");
  const flash = story.priority === "FLASH";
  const breaking = story.breaking && !flash;
  Object.assign(item.dataset, { id: story.id, version: story.version });
  item.lang = story.language;

  const fill = slots(item);
  fill("flash", flash);
  fill("breaking", breaking);
  fill("section", section?.name, (a) => (a.href = `${home}/tag/${section.slug}`));
  if (!flash && !breaking && !section) item.querySelector(".kicker").remove();
  fill("title", story.title, (a) => (a.href = `${home}/story/${story.slug}`));
  fill("summary", story.summary);
  fill("time", when.short(story.publishedAt), (time) => (time.dateTime = story.publishedAt));
  fill("authors", story.authors.map(({ name }) => name).join(", "));
  if (story.image) fill("picture", true, (img) => picture(img, story.image, pictures));
  else item.querySelector(".picture").remove();
  return item;
}

function picture(img, { url, alt, width, height, focalPoint }, pictures) {
  img.alt = alt;
  if (width && height) Object.assign(img, { width, height });
  if (focalPoint) img.dataset.position = `${Math.round(focalPoint.x * 100)}% ${Math.round(focalPoint.y * 100)}%`;
  // The site's own are asked for where the page is, whatever the site is called there.
  const own = [location.origin, pictures].find((origin) => origin && url.startsWith(`${origin}/`) && !url.startsWith(`${origin}//`));
  img.src = own ? url.slice(own.length) : url;
}
