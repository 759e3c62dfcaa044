import { randomUUID } from "node:crypto";
import { canonical, type LineWriter, type Link } from "./chain.ts";
import type { LineBytes } from "./line-bytes.ts";

/** A line that stands in each file, made once: that of a policy of 10,000 routes is megabytes of JSON. */
export class StandingLine implements LineWriter {
  readonly #beforeNumber: Buffer;
  readonly #beforeHash: Buffer;
  readonly #rest: Buffer;

  constructor(record: object) {
    const [n, prev] = [randomUUID(), randomUUID()];
    const [beforeNumber = "", afterNumber = ""] = canonical({ ...record, n, prev }).split(`"${n}"`);
    const [beforeHash = "", rest = ""] = afterNumber.split(prev);
    this.#beforeNumber = Buffer.from(beforeNumber);
    this.#beforeHash = Buffer.from(beforeHash);
    this.#rest = Buffer.from(rest);
  }

  write(out: LineBytes, { n, prev }: Link): void {
    out.add(this.#beforeNumber).uint(n).add(this.#beforeHash).ascii(prev).add(this.#rest);
  }
}
