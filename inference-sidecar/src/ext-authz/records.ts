import { randomBytes } from "node:crypto";
import { Turns } from "../turns.ts";

/** Takes `postern.v1.ReportRequest` as bytes; resolves once what it holds is written. */
export type Report = (request: Buffer) => Promise<unknown>;

/** What all decisions of this process rest on. */
interface Origin {
  readonly bundleDigest: Uint8Array;
  readonly moduleDigest: Uint8Array;
}

interface Waiting {
  readonly sequence: number;
  readonly policyDigest: Uint8Array;
  /** `postern.v1.Record`. */
  readonly record: Buffer;
}

const NOTHING = new Uint8Array(0);
const FLUSH_MS = 100;
/** After a write that failed. */
const RETRY_MS = 1_000;
const BATCH = 128;
const WAITING_MOST = 4096;

/** Records of this process's own decisions, on their way into the log: it is a worker like those of Envoy. */
export class Records {
  readonly #worker = randomBytes(16);
  readonly #report: Report;
  #sequence = 0;
  /** Up to this one they would outlast a loss of power. */
  #onDisk = 0;
  #lost = 0;
  readonly #origin: Origin;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | null = null;
  readonly #turns = new Turns();

  constructor(report: Report, origin: Origin) {
    this.#report = report;
    this.#origin = origin;
  }

  /** `policyDigest`: one array for one policy; `decision`: `postern.v1.Decision`. Where too many wait, the oldest is dropped and counted. */
  add(policyDigest: Uint8Array, id: Buffer, decision: Uint8Array): void {
    this.#wait(policyDigest, id, bytes(3, decision));
  }

  /** What became of a request whose decision was added before: the response's status, and why the gate ended it. */
  complete(policyDigest: Uint8Array, id: Buffer, status: number, ended: string): void {
    this.#wait(policyDigest, id, bytes(4, message([uint(1, status), bytes(3, Buffer.from(ended))])));
  }

  /** Writes what waits; `durable`: as it would outlast a loss of power. @throws what the log throws; they are kept then, and tried again */
  flush(durable: boolean): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const last = this.#sequence;
    const written = this.#turns.take(() => this.#write(durable, last));
    written.catch(() => this.#schedule(RETRY_MS));
    return written;
  }

  #wait(policyDigest: Uint8Array, id: Buffer, content: Buffer): void {
    const sequence = ++this.#sequence;
    const record = message([uint(1, sequence), bytes(2, id), content]);
    if (this.#waiting.length >= WAITING_MOST) {
      this.#waiting.shift();
      this.#lost += 1;
    }
    this.#waiting.push({ sequence, policyDigest, record });
    this.#schedule(FLUSH_MS);
  }

  #schedule(millis: number): void {
    this.#timer ??= setTimeout(() => void this.flush(false).catch(() => undefined), millis).unref();
  }

  async #write(durable: boolean, last: number): Promise<void> {
    for (let [oldest] = this.#waiting; oldest !== undefined; [oldest] = this.#waiting) {
      const { policyDigest } = oldest;
      const other = this.#waiting.findIndex((one) => one.policyDigest !== policyDigest);
      // Up to the first of another policy: what is passed over would come behind higher sequences, and count as written.
      const batch = this.#waiting.slice(0, other < 0 ? BATCH : Math.min(BATCH, other));
      await this.#send(policyDigest, batch, durable);
      if (durable) this.#onDisk = batch.at(-1)?.sequence ?? 0;
      const written = new Set(batch);
      this.#waiting = this.#waiting.filter((one) => !written.has(one));
    }
    if (!durable || this.#onDisk >= last) return;
    // A flush that asked for less has written them.
    await this.#send(NOTHING, [], durable);
    this.#onDisk = last;
  }

  async #send(policyDigest: Uint8Array, batch: readonly Waiting[], durable: boolean): Promise<void> {
    const { bundleDigest, moduleDigest } = this.#origin;
    const head = [bytes(1, this.#worker), bytes(2, policyDigest), bytes(3, bundleDigest), uint(4, this.#lost)];
    const records = batch.map(({ record }) => bytes(5, record));
    await this.#report(message([...head, ...records, uint(6, Number(durable)), bytes(7, moduleDigest)]));
  }
}

// Wire format: protobuf.dev, "Encoding".

function message(fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields);
}

function uint(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function bytes(field: number, content: Uint8Array): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const digits: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) digits.push((rest % 0x80) | 0x80);
  return Buffer.from([...digits, rest]);
}
