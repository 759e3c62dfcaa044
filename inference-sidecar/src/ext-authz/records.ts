import { randomBytes } from "node:crypto";
import { Turns } from "../turns.ts";

/** Takes `postern.v1.ReportRequest` as bytes; resolves once what it holds is written. */
export type Report = (request: Buffer) => Promise<unknown>;

/** What all decisions of this process rest on. */
interface Origin {
  readonly bundleDigest: Uint8Array;
  readonly moduleDigest: Uint8Array;
}

const FLUSH_MS = 100;
const BATCH = 128;
const WAITING_MOST = 4096;

/** Records of this process's own decisions, on their way into the log: it is a worker like those of Envoy. */
export class Records {
  readonly #worker = randomBytes(16);
  readonly #report: Report;
  #sequence = 0;
  #lost = 0;
  readonly #origin: Origin;
  #waiting: { policyDigest: Uint8Array; record: Buffer }[] = [];
  #timer: NodeJS.Timeout | null = null;
  readonly #turns = new Turns();

  constructor(report: Report, origin: Origin) {
    this.#report = report;
    this.#origin = origin;
  }

  /** `policyDigest`: one array for one policy; `decision`: `postern.v1.Decision`. Where too many wait, the oldest is dropped and counted. */
  add(policyDigest: Uint8Array, id: Buffer, decision: Uint8Array): void {
    this.#sequence += 1;
    const record = message([uint(1, this.#sequence), bytes(2, id), bytes(3, decision)]);
    if (this.#waiting.length >= WAITING_MOST) {
      this.#waiting.shift();
      this.#lost += 1;
    }
    this.#waiting.push({ policyDigest, record });
    this.#timer ??= setTimeout(() => void this.flush(false).catch(() => undefined), FLUSH_MS).unref();
  }

  /** Writes what waits; `durable`: as it would outlast a loss of power. @throws what the log throws; they are kept then */
  flush(durable: boolean): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    return this.#turns.take(() => this.#write(durable));
  }

  async #write(durable: boolean): Promise<void> {
    const { bundleDigest, moduleDigest } = this.#origin;
    for (let [oldest] = this.#waiting; oldest !== undefined; [oldest] = this.#waiting) {
      const { policyDigest } = oldest;
      const batch = this.#waiting.slice(0, BATCH).filter((one) => one.policyDigest === policyDigest);
      const head = [bytes(1, this.#worker), bytes(2, policyDigest), bytes(3, bundleDigest), uint(4, this.#lost)];
      const records = batch.map(({ record }) => bytes(5, record));
      await this.#report(message([...head, ...records, uint(6, Number(durable)), bytes(7, moduleDigest)]));
      const written = new Set(batch);
      this.#waiting = this.#waiting.filter((one) => !written.has(one));
    }
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
