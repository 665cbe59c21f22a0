import { Box } from "./box.js";
import { Follow } from "./follow.js";
import { makeLine } from "./line.js";
import { focusOn, startMore } from "./more.js";
import { address, read } from "./read.js";
import { Wire } from "./wire.js";

const most = 300; // lines on the page; older ones go
const farthest = 600; // also where the reader is among the oldest
const gather = 50; // milliseconds, in which what comes is shown at once
const rest = 700; // between two times, so that the box has come to rest

/** The ticker of a page: it shows what comes, and counts what has not been seen. */
export class Ticker {
  #section;
  #page;
  #list;
  #pill;
  #wire;
  #box;
  #follow;
  #after;
  #events = [];
  #timer = null;
  #shown = 0; // when something was last
  #unseen = new Set();
  #onEvent;

  /**
   * @param {HTMLElement} section
   * @param {object} page what main.js has gathered
   * @param {(event: object) => void} [onEvent] is told of each event too
   */
  constructor(section, page, onEvent) {
    this.#section = section;
    this.#page = page;
    this.#onEvent = onEvent;
    this.#list = section.querySelector("[data-lines]");
    this.#pill = section.querySelector("[data-pill]");
    this.#after = section.dataset.after || null;
    const more = section.querySelector("a[data-more]");
    this.#wire = new Wire([...this.#list.children].map(known), Boolean(more));
    this.#box = new Box(section.querySelector("[data-box]"), this.#list, () => this.#seen());
    this.#pill?.addEventListener("click", (e) => this.#show(e.detail === 0));
    this.#startPause(section.querySelector("[data-pause]"));
    if (more) startMore(more, this, page.words);
    if (section.dataset.follow && section.dataset.cursor) this.#start();
  }

  #start() {
    const { operations, connection } = this.#page;
    const operation = operations[this.#section.dataset.follow];
    const variables = JSON.parse(this.#section.dataset.variables || "{}");
    this.#follow = new Follow({
      address: (after) => address(operation, { ...variables, after }),
      cursor: this.#section.dataset.cursor,
      on: {
        event: (event) => this.#take(event),
        expired: () => this.#reread(),
        state: (state) => connection.state(this, state),
      },
    });
    this.#follow.start();
  }

  #startPause(button) {
    if (!button) return;
    button.addEventListener("click", () => {
      this.#box.paused = !this.#box.paused;
      button.setAttribute("aria-pressed", String(this.#box.paused));
      if (!this.#box.paused && this.#unseen.size > 0) this.#show(false);
    });
  }

  #take(event) {
    this.#onEvent?.(event);
    const line = event.entry ?? (event.update?.__typename === "TickerEntry" ? event.update : null);
    if (!line) return;
    this.#events.push({ kind: event.kind, line });
    this.#timer ??= setTimeout(() => this.#flush(), Math.max(gather, this.#shown + rest - performance.now()));
  }

  #flush() {
    this.#timer = null;
    const events = this.#events.splice(0);
    this.#shown = performance.now();
    const carried = this.#box.carries;
    const done = [];
    this.#box.keep(() => {
      for (const { kind, line } of events) {
        const change = this.#wire.apply(kind, line);
        if (!change) continue;
        this.#do(change, true);
        done.push({ kind, line, change });
      }
      if (this.#wire.lines.length > 0) this.#section.querySelector(".none")?.remove();
      this.#trim();
    });
    for (const { change } of done) {
      if (change.do === "put" && !carried) this.#unseen.add(change.line.id);
      if (change.do === "take") this.#unseen.delete(change.line.id);
    }
    this.#count();
    if (!document.hidden) this.#announce(done);
  }

  async #reread() {
    const { ticker } = await read(this.#more(null), { fresh: true });
    const { nodes, pageInfo } = ticker;
    const carried = this.#box.carries;
    const old = new Set(this.#wire.lines.map(({ id }) => id));
    if (!nodes.some(({ id }) => old.has(id))) this.#after = pageInfo.endCursor; // nothing of the old ones stays
    const changes = this.#wire.refresh(nodes, pageInfo.hasNextPage);
    this.#box.keep(() => changes.forEach((change) => this.#do(change, true)));
    const fresh = changes.filter((change) => change.do === "put").map(({ line }) => line.id);
    for (const id of carried ? [] : fresh) this.#unseen.add(id);
    this.#count();
    if (fresh.length > 0) this.#page.announcer.say(this.#page.words.count("new", fresh.length));
    return ticker.liveCursor;
  }

  #trim() {
    const length = this.#wire.lines.length;
    if (length <= most || (length <= farthest && !this.#box.endIsHidden)) return;
    for (const change of this.#wire.trim(most)) this.#do(change);
    this.#after = null; // where they end has no cursor: more begins at the top again
  }

  #do({ do: what, line, from, index }, fresh = false) {
    const list = this.#list;
    const old = from === undefined ? null : list.children[from];
    const focused = old?.contains(document.activeElement) ?? false;
    old?.remove();
    if (what === "take") {
      if (focused) focusOn(list.children[from] ?? list.lastElementChild ?? this.#section);
      return;
    }
    const item = makeLine(this.#page.lineTemplate, line, this.#page);
    item.classList.toggle("fresh", fresh);
    list.insertBefore(item, list.children[index] ?? null);
    if (focused) focusOn(item);
    return item;
  }

  #announce(done) {
    const { announcer, words } = this.#page;
    announcer.lines(done.filter(({ kind }) => kind === "PUBLISHED").map(({ line }) => line));
    for (const { kind, line } of done) {
      if (kind === "CORRECTED") announcer.say(words.say("line.corrected", line.headline));
      if (kind === "REMOVED" && line.status === "RETRACTED") announcer.say(words.say("line.retracted", line.headline));
    }
  }

  #count() {
    if (!this.#pill) return;
    const n = this.#unseen.size;
    if (n > 0) this.#pill.textContent = this.#page.words.count("new", n);
    this.#pill.hidden = n === 0;
  }

  #seen() {
    this.#unseen.clear();
    this.#count();
  }

  #show(byKeyboard) {
    this.#seen();
    this.#box.toTop();
    if (byKeyboard && this.#list.firstElementChild) {
      const first = this.#list.firstElementChild;
      first.tabIndex = -1;
      first.focus({ preventScroll: true });
    }
  }

  #more(after) {
    return address(this.#page.operations.Ticker, { ...JSON.parse(this.#section.dataset.moreVariables || "{}"), after });
  }

  // What startMore asks of a list.

  full() {
    return this.#wire.lines.length + 30 > farthest;
  }

  after() {
    return this.#wire.goesOn ? (this.#after ?? "") : null;
  }

  async load() {
    let after = this.#after;
    for (;;) {
      const { ticker } = await read(this.#more(after));
      const news = ticker.nodes.some(({ id }) => !this.#wire.lines.some((line) => line.id === id));
      if (news || !ticker.pageInfo.hasNextPage) return ticker;
      after = ticker.pageInfo.endCursor;
    }
  }

  add({ nodes, pageInfo }) {
    let first;
    this.#box.keep(() => {
      for (const change of this.#wire.merge(nodes)) {
        const item = this.#do(change);
        if (change.do === "put") first ??= item;
      }
    });
    this.#after = pageInfo.endCursor;
    this.#wire.goesOn = pageInfo.hasNextPage;
    return first;
  }
}

function known(item) {
  return { id: item.dataset.id, version: Number(item.dataset.version), occurredAt: item.dataset.at };
}
