import { makeCard } from "./card.js";
import { Follow } from "./follow.js";
import { focusOn, startMore } from "./more.js";
import { positionPictures } from "./pictures.js";
import { address, read } from "./read.js";
import { still } from "./slide.js";

const most = 120; // stories on the page

/** A list of stories: it tells how many are new, and shows them when they are asked for. */
export class Cards {
  #section;
  #page;
  #list;
  #pill;
  #variables;
  #after;
  #unseen = new Set();

  constructor(section, page) {
    this.#section = section;
    this.#page = page;
    this.#list = section.querySelector("[data-items]");
    this.#pill = section.querySelector("[data-pill]");
    this.#variables = JSON.parse(section.dataset.variables || "{}");
    this.#after = section.dataset.after || null;
    const more = section.querySelector("a[data-more]");
    if (more) startMore(more, this, page.words);
    this.#pill.addEventListener("click", (e) => this.#show(e.detail === 0));
    // A later page has no top to which something could come.
    if (section.dataset.cursor && !new URLSearchParams(location.search).has("after")) this.#start();
  }

  #start() {
    const { operations, connection } = this.#page;
    const follow = new Follow({
      address: (after) => address(operations.FollowStories, { ...this.#variables, after }),
      cursor: this.#section.dataset.cursor,
      on: {
        event: (event) => this.#take(event),
        expired: () => this.#reread(),
        state: (state) => connection.state(this, state),
      },
    });
    follow.start();
  }

  #take({ kind, story }) {
    const shown = this.#find(story.id);
    if (kind === "REMOVED") {
      this.#unseen.delete(story.id);
      if (shown) this.#withdraw(shown);
    } else if (kind === "PUBLISHED" && (!shown || shown.classList.contains("gone"))) {
      this.#unseen.add(story.id);
    }
    this.#count(kind === "PUBLISHED");
  }

  async #reread() {
    const { stories } = await this.#read(null);
    for (const { id } of newest(stories.nodes, (id) => this.#find(id))) this.#unseen.add(id);
    this.#count(true);
    return stories.liveCursor;
  }

  #count(aloud = false) {
    const n = this.#unseen.size;
    const text = n > 0 ? this.#page.words.count("stories", n) : "";
    if (aloud && n > 0 && text !== this.#pill.textContent && !document.hidden) this.#page.announcer.say(text);
    this.#pill.textContent = text;
    this.#pill.hidden = n === 0;
  }

  async #show(byKeyboard) {
    this.#pill.setAttribute("aria-busy", "true");
    let stories;
    try {
      ({ stories } = await this.#read(null));
    } catch {
      return; // the pill stays, to be pressed again
    } finally {
      this.#pill.removeAttribute("aria-busy");
    }
    this.#unseen.clear();
    const list = this.#list;
    const fresh = newest(stories.nodes, (id) => this.#find(id, true));
    const gap = fresh.length === stories.nodes.length || list.children.length > most;
    const place = list.nextSibling;
    list.remove(); // laid out anew, it does not shift
    if (gap) {
      list.replaceChildren();
      this.#after = stories.pageInfo.endCursor;
    }
    const items = (gap ? stories.nodes : fresh).map((story) => this.#make(story, true));
    for (const { id } of gap ? [] : fresh) list.querySelector(item(id))?.remove();
    list.prepend(...items);
    if (items.length > 0) this.#section.querySelector(".none")?.remove();
    for (const story of stories.nodes) this.#renew(story);
    this.#section.querySelector(".cards").insertBefore(list, place);
    this.#count();
    const top = this.#section.getBoundingClientRect().top;
    if (top < 0) this.#section.scrollIntoView({ block: "start", behavior: still() ? "auto" : "smooth" });
    if (byKeyboard && items.length > 0) focusOn(items[0]);
  }

  #renew(story) {
    const old = this.#list.querySelector(item(story.id));
    if (old && Number(old.dataset.version) < story.version) old.replaceWith(this.#make(story));
  }

  #make(story, fresh = false) {
    const made = makeCard(this.#page.cardTemplate, story, this.#page);
    made.classList.toggle("fresh", fresh);
    positionPictures(made);
    return made;
  }

  /** Takes away what a story says, and leaves its room: nothing moves. */
  #withdraw(shown) {
    if (shown.classList.contains("gone")) return;
    const focused = shown.contains(document.activeElement);
    const left = document.createElement("p");
    left.className = "left";
    left.textContent = this.#page.words.say("gone");
    left.tabIndex = -1;
    for (const part of shown.children) part.inert = true;
    shown.classList.add("gone");
    shown.append(left);
    if (focused) left.focus({ preventScroll: true });
  }

  /** The element of a story: in this list, or above it. */
  #find(id, standing = false) {
    const shown = document.querySelector(`.lead${item(id)}`) ?? this.#list.querySelector(item(id));
    return standing && shown?.classList.contains("gone") ? null : shown;
  }

  #read(after) {
    return read(address(this.#page.operations.Stories, { ...this.#variables, after }), { fresh: after === null });
  }

  // What startMore asks of a list.

  full() {
    return this.#list.children.length >= most;
  }

  after() {
    return this.#after;
  }

  async load() {
    return (await this.#read(this.#after ?? "")).stories;
  }

  add({ nodes, pageInfo }) {
    const items = nodes.filter(({ id }) => !this.#find(id)).map((story) => this.#make(story));
    this.#list.append(...items);
    this.#after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    return items[0];
  }
}

const item = (id) => `[data-id="${CSS.escape(id)}"]`;

/** The stories of a page that come before the first that is known. */
function newest(nodes, known) {
  const first = nodes.findIndex(({ id }) => known(id));
  return first < 0 ? nodes : nodes.slice(0, first);
}
