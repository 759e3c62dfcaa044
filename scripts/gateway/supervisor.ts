import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { logSize, startFailure } from "./start-failure.ts";
import { withParent } from "./with-parent.ts";

/** A process to keep alive. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Its standard output and error are appended here; null: they are this process's own. */
  readonly logFile: string | null;
  /** Done each time before it is started again. */
  readonly renew?: () => Promise<void>;
}

const firstDelayMillis = 100;
const longestDelayMillis = 5_000;
/** A process that ran this long starts again with the first delay. */
const steadyMillis = 10_000;
/** How long a process may take to end before it is killed. */
const graceMillis = 5_000;

/**
 * Keeps one program running, started again with back-off whenever it ends, until `stop`. It has a process group of its
 * own: Ctrl-C in a terminal is told to this process alone, which ends one after the other.
 */
export class Supervised {
  readonly #program: Program;
  readonly #report: (line: string) => void;
  #child: ChildProcess | null = null;
  #retry: NodeJS.Timeout | null = null;
  #stopping = false;
  #delayMillis = firstDelayMillis;
  #ended = false;
  readonly #logStart: number;
  readonly #killNow = () => this.#child?.kill("SIGKILL");

  private constructor(program: Program, logStart: number, report: (line: string) => void) {
    this.#program = program;
    this.#logStart = logStart;
    this.#report = report;
    process.once("exit", this.#killNow);
    this.#start();
  }

  static async start(program: Program, report: (line: string) => void): Promise<Supervised> {
    return new Supervised(program, await logSize(program), report);
  }

  /** Null while it is waiting to be started again. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Whether the process has ended by itself since it was first started. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Why it did not come up, in its own words. */
  failure(): Promise<Error> {
    return startFailure(this.#program, this.#logStart);
  }

  /** Ends the process: SIGTERM, then SIGKILL when it takes longer than the grace period. */
  async stop(): Promise<void> {
    this.#stopping = true;
    process.removeListener("exit", this.#killNow);
    if (this.#retry) clearTimeout(this.#retry);
    const child = this.#child;
    if (!child) return;
    const ended = new Promise<void>((done) => child.once("close", () => done()));
    child.kill("SIGTERM");
    const kill = setTimeout(() => child.kill("SIGKILL"), graceMillis);
    await ended;
    clearTimeout(kill);
  }

  async #restart(): Promise<void> {
    const { name, renew } = this.#program;
    await renew?.().catch(({ message }: Error) => this.#report(`${name}: ${message}`));
    if (this.#stopping) return;
    try {
      this.#start();
    } catch (error) {
      this.#startAgain(`could not be started (${(error as Error).message})`);
    }
  }

  #startAgain(how: string): void {
    const { name, logFile } = this.#program;
    const where = logFile === null ? "" : `; its log is ${logFile}`;
    this.#report(`${name} ${how}: starting it again in ${this.#delayMillis} ms${where}`);
    this.#retry = setTimeout(() => void this.#restart(), this.#delayMillis);
    this.#delayMillis = Math.min(this.#delayMillis * 2, longestDelayMillis);
  }

  #start(): void {
    const { cwd, env, logFile } = this.#program;
    const [command, args] = withParent(this.#program.command, this.#program.args);
    const log = logFile === null ? "inherit" : openSync(logFile, "a", 0o600);
    const startedAt = Date.now();
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", log, log], detached: true });
    if (log !== "inherit") closeSync(log);
    this.#child = child;
    // `close` comes once, after `exit` or `error`.
    let failure = "";
    child.once("error", (error) => {
      failure = error.message;
    });
    child.once("close", (code, signal) => {
      this.#child = null;
      if (this.#stopping) return;
      this.#ended = true;
      if (Date.now() - startedAt > steadyMillis) this.#delayMillis = firstDelayMillis;
      const how = failure || (signal ? `killed by ${signal}` : `exit code ${code}`);
      this.#startAgain(`ended (${how})`);
    });
  }
}
