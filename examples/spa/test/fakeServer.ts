// A server without a network: a log, and connections that a test can refuse, cut and let go silent.
import type { Change, Item } from "../src/live/feed";

/** A line of the log as a subscription delivers it. Cursors are numbers, so that they can be read here. */
export type Line = Change<Item>;

export class FakeServer {
  readonly log: Line[] = [];
  /** The `after` of each subscription that came. */
  readonly asked: unknown[] = [];
  /** How many of the next connections fail. */
  refuse = 0;
  /** How many lines a connection lives; then it is cut. */
  cutAfter = Infinity;
  /** Whether it hears nothing any more and says nothing. */
  frozen = false;
  /** What is answered to the next subscriptions instead of news, one after another. */
  readonly answers: { type: string; payload?: unknown }[] = [];
  opened = 0;
  private readonly sockets = new Set<FakeSocket>();

  /** What a client takes for a WebSocket. */
  get webSocketImpl() {
    const server = this;
    return class extends FakeSocket {
      constructor() {
        super(server);
      }
    };
  }

  /** Appends a line, and sends it to whoever follows. */
  publish(id: string, version = 1, kind = version === 1 ? "PUBLISHED" : "UPDATED") {
    this.log.push({ cursor: String(this.log.length + 1), kind, item: { id, version } });
    this.sockets.forEach((socket) => socket.deliver());
  }

  /** Ends all connections. */
  cut(code = 1006) {
    [...this.sockets].forEach((socket) => socket.end(code));
  }

  /** Sends the last n lines again. */
  repeat(n: number) {
    this.sockets.forEach((socket) => socket.goBack(n));
  }

  enter(socket: FakeSocket): boolean {
    this.opened++;
    if (this.refuse-- > 0) return false;
    this.refuse = 0;
    this.sockets.add(socket);
    return true;
  }

  leave(socket: FakeSocket) {
    this.sockets.delete(socket);
  }
}

/** The server's end and the browser's in one. */
class FakeSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  readyState = FakeSocket.CONNECTING;
  onopen: (() => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  private following: { id: string; next: number } | undefined;
  private left: number;
  private ended = false;

  constructor(private readonly server: FakeServer) {
    this.left = server.cutAfter;
    queueMicrotask(() => {
      if (this.ended) return;
      if (!server.enter(this)) {
        this.onerror?.(new Error("refused"));
        this.end(1006);
      } else {
        this.readyState = FakeSocket.OPEN;
        this.onopen?.();
      }
    });
  }

  send(data: string) {
    if (this.server.frozen) return;
    const { type, id, payload } = JSON.parse(data);
    if (type === "connection_init") this.answer({ type: "connection_ack" });
    if (type === "ping") this.answer({ type: "pong" });
    if (type === "complete") this.following = undefined;
    if (type !== "subscribe") return;
    const { after } = payload.variables;
    this.server.asked.push(after);
    const answer = this.server.answers.shift();
    if (answer) return this.answer({ id, ...answer });
    this.following = { id, next: after === undefined ? this.server.log.length : Number(after) };
    this.deliver();
  }

  /** Sends what is due. */
  deliver() {
    while (this.following && !this.server.frozen) {
      const line = this.server.log[this.following.next];
      if (!line) return;
      if (this.left-- <= 0) return this.end(1006);
      this.following.next++;
      this.answer({ type: "next", id: this.following.id, payload: { data: { list: line } } });
    }
  }

  goBack(n: number) {
    if (this.following) this.following.next -= n;
    this.deliver();
  }

  close(code = 1000) {
    this.readyState = FakeSocket.CLOSING;
    this.end(code);
  }

  /** Ends the connection behind what is under way. */
  end(code: number) {
    if (this.ended) return;
    this.ended = true;
    this.following = undefined;
    this.server.leave(this);
    queueMicrotask(() => {
      this.readyState = FakeSocket.CLOSED;
      this.onclose?.({ code, reason: "" });
    });
  }

  private answer(message: unknown) {
    queueMicrotask(() => {
      if (this.readyState === FakeSocket.OPEN) this.onmessage?.({ data: JSON.stringify(message) });
    });
  }
}
