import { Follow } from "./follow.js";
import { address, read } from "./read.js";

/** Follows the story that is read: tells that it was changed, and takes it away when it is withdrawn. */
export class Story {
  #article;
  #notice;
  #page;
  #version;
  #follow;

  constructor(article, page) {
    this.#article = article;
    this.#notice = document.querySelector("[data-notice]");
    this.#page = page;
    this.#version = Number(article.dataset.version);
    for (const wide of article.querySelectorAll(".body :is(table, pre)")) {
      if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0; // so that keys can scroll it
    }
    if (article.dataset.cursor && !article.classList.contains("retracted")) this.#start();
  }

  #start() {
    const { operations, connection } = this.#page;
    const variables = JSON.parse(this.#article.dataset.variables || "null") ?? { slug: this.#article.dataset.story };
    this.#follow = new Follow({
      address: (after) => address(operations.FollowStory, { ...variables, after }),
      cursor: this.#article.dataset.cursor,
      on: {
        event: (event) => this.#take(event),
        expired: () => this.#reread(),
        state: (state) => connection.state(this, state),
      },
    });
    this.#follow.start();
  }

  #take({ kind, story }) {
    if (kind === "REMOVED") this.#withdraw(story);
    else if (story.version > this.#version) this.#changed(kind === "CORRECTED" ? story.corrections?.[0] : null, story.version);
  }

  /** The place first, then the page: what happens in between comes as an event. */
  async #reread() {
    const { stories } = await read(address(this.#page.operations.Stories, {}), { fresh: true });
    const response = await fetch(location.pathname, { cache: "no-cache" });
    if (response.status === 404 || response.status === 410) {
      this.#withdraw({ status: response.status === 410 ? "RETRACTED" : "UNPUBLISHED" });
    } else if (!response.ok) {
      throw new Error(`read the page: ${response.status}`);
    } else {
      const article = /<article[^>]*data-story[^>]*>/.exec(await response.text())?.[0];
      const version = Number(/data-version="(\d+)"/.exec(article)?.[1]);
      if (version > this.#version) this.#changed(null, version);
    }
    return stories.liveCursor;
  }

  #changed(correction, version) {
    this.#version = version;
    const { words } = this.#page;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words.say("read");
    button.addEventListener("click", () => location.reload());
    this.#say([words.say(correction ? "corrected" : "changed"), correction?.note], button);
  }

  #withdraw({ status, corrections }) {
    this.#follow.stop();
    const { words } = this.#page;
    const article = this.#article;
    const retracted = status === "RETRACTED";
    const title = article.querySelector('[data-slot="title"]');
    const texts = [...article.querySelectorAll("[data-text]")];
    const focused = texts.some((text) => text.contains(document.activeElement));
    for (const part of [title, ...texts]) part.style.minHeight = `${part.offsetHeight}px`; // nothing else moves
    for (const text of texts) text.replaceChildren();
    for (const data of document.querySelectorAll('script[type="application/ld+json"]')) data.remove();
    article.classList.add("retracted");

    if (retracted) {
      const struck = document.createElement("s");
      struck.textContent = title.textContent;
      title.replaceChildren(struck);
    } else {
      title.textContent = document.title = words.say("removed");
    }
    const said = words.say(retracted ? "retracted" : "removed");
    const why = corrections?.[0]?.kind === "RETRACTION" ? corrections[0].note : null;
    const note = document.createElement("div");
    note.className = "corrections";
    note.append(...[said, why].filter(Boolean).map(paragraph));
    texts.find((text) => !text.matches(".lede"))?.append(note);
    this.#say([said, why]);
    if (focused) {
      title.tabIndex = -1;
      title.focus({ preventScroll: true });
    }
  }

  #say(texts, ...more) {
    this.#notice.replaceChildren(...texts.filter(Boolean).map(paragraph), ...more);
    this.#notice.hidden = false;
  }
}

function paragraph(text) {
  const p = document.createElement("p");
  p.dir = "auto";
  p.textContent = text;
  return p;
}
