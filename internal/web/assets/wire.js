/**
 * The lines of a ticker: which there are, in which version and order. What is to be done
 * on the page for it is said in changes. It knows of no page.
 *
 * A change is one of
 * - {do: "put", line, index}: a line that is new, and where it is now
 * - {do: "change", line, from, index}: another version of one; it may have moved
 * - {do: "take", line, from}: it goes
 *
 * @typedef {{ id: string, version: number, occurredAt: string }} Line and what else it has
 */
export class Wire {
  /** @type {Line[]} the newest first */
  lines;
  /** Whether older lines may exist that are not here. */
  goesOn;

  #taken = new Map(); // id → the version in which it went

  /** @param {Line[]} lines as the server has ordered them */
  constructor(lines = [], goesOn = false) {
    this.lines = [...lines];
    this.goesOn = goesOn;
  }

  /**
   * Takes in an event. One that is known, or older than what is known, changes nothing.
   *
   * @param {string} kind PUBLISHED, UPDATED, CORRECTED or REMOVED
   * @param {Line} line as the event left it
   * @returns {object | null} the change
   */
  apply(kind, line) {
    return kind === "REMOVED" && line.status !== "RETRACTED" ? this.#take(line) : this.#put(line);
  }

  /**
   * Takes in a page of the list, of which some may be here already.
   *
   * @param {Line[]} lines newest first
   * @returns {object[]} the changes, in the order in which they are to be done
   */
  merge(lines) {
    return lines.map((line) => this.#put(line, true)).filter(Boolean);
  }

  /**
   * Takes in the newest page after a gap, of which nothing is known: what has gone
   * meanwhile goes, and where the page does not reach what was here, all of that.
   *
   * @param {Line[]} lines newest first
   * @param {boolean} goesOn there are older ones
   * @returns {object[]} the changes
   */
  refresh(lines, goesOn) {
    const there = new Set(lines.map(({ id }) => id));
    const joins = this.lines.some(({ id }) => there.has(id));
    const last = lines.at(-1);
    const gone = this.lines.filter((line) => !there.has(line.id) && (!joins || !goesOn || before(line, last)));
    this.goesOn = goesOn && (!joins || this.goesOn);
    return [...gone.map((line) => this.#cut(line.id)), ...this.merge(lines)];
  }

  /**
   * Drops the oldest lines, so that no more than most are left.
   *
   * @returns {object[]} the changes
   */
  trim(most) {
    if (this.lines.length <= most) return [];
    const cut = this.lines.splice(most);
    this.goesOn = true;
    return cut.map((line, i) => ({ do: "take", line, from: most + i })).reverse();
  }

  #put(line, paged = false) {
    const from = this.lines.findIndex(({ id }) => id === line.id);
    if (from >= 0) {
      if (this.lines[from].version >= line.version) return null;
      this.lines.splice(from, 1);
      const index = this.#place(line);
      this.lines.splice(index, 0, line);
      return { do: "change", line, from, index };
    }
    if (this.#taken.get(line.id) >= line.version) return null;
    const index = this.#place(line);
    // It belongs to a page that has not been asked for.
    if (!paged && this.goesOn && index === this.lines.length) return null;
    this.lines.splice(index, 0, line);
    return { do: "put", line, index };
  }

  #take(line) {
    this.#taken.set(line.id, line.version);
    if (this.#taken.size > 200) this.#taken.delete(this.#taken.keys().next().value);
    return this.#cut(line.id);
  }

  #cut(gone) {
    const from = this.lines.findIndex(({ id }) => id === gone);
    if (from < 0) return null;
    const [line] = this.lines.splice(from, 1);
    return { do: "take", line, from };
  }

  #place(line) {
    const index = this.lines.findIndex((other) => before(line, other));
    return index < 0 ? this.lines.length : index;
  }
}

/** The order of the server: the latest first, and of the same instant the greater id. */
function before(a, b) {
  const ahead = Date.parse(a.occurredAt) - Date.parse(b.occurredAt);
  return ahead > 0 || (ahead === 0 && a.id > b.id);
}
