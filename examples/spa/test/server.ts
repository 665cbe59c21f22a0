// Starts depeche: the program that DEPECHE_TEST_BINARY names, or else one that is built of this tree.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A server with a folder of its own, which goes with it. */
export class Server {
  private readonly folder = mkdtempSync(join(tmpdir(), "depeche-spa-"));
  private readonly binary = process.env.DEPECHE_TEST_BINARY ?? this.build();
  private readonly data = join(this.folder, "data");
  // Whatever sets up another server in this shell is none of this one's business.
  private readonly env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(DEPECHE_|MONGODB_URI$)/.test(name))),
    TMPDIR: this.folder,
  };
  private child: ChildProcess | undefined;
  /** The address of the API; the same after a restart. */
  api = "";

  constructor(private readonly flags: string[] = []) {
    process.once("exit", () => this.remove());
  }

  /** Starts it; the second time on the port that it had. */
  async start() {
    const listen = this.api ? new URL(this.api).host : "127.0.0.1:0";
    const child = spawn(this.binary, ["--listen", listen, "--data", this.data, ...this.flags], {
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    let said = "";
    this.api = await new Promise((resolve, reject) => {
      const listener = (text: string) => {
        said += text;
        const api = /^API: +(\S+)$/m.exec(said)?.[1];
        if (api) resolve(api);
      };
      child.stdout.setEncoding("utf8").on("data", listener);
      child.stderr.setEncoding("utf8").on("data", listener);
      child.once("error", reject).once("close", (code) => reject(new Error(`the server ended with ${code}:\n${said}`)));
    });
  }

  /** Ends it at once, as a crash does. */
  async kill() {
    const { child } = this;
    this.child = undefined;
    if (!child) return;
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  /** An editor's token. */
  token(): string {
    const args = ["token", "--role", "editor", "--name", "spa", "--for", "1h", "--data", this.data];
    return execFileSync(this.binary, args, { env: this.env, encoding: "utf8" }).trim();
  }

  /** Ends it and removes what it has written. */
  remove() {
    this.child?.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  private build(): string {
    const binary = join(this.folder, "depeche");
    execFileSync("go", ["build", "-o", binary, "."], { cwd: root, stdio: "inherit" });
    return binary;
  }
}
