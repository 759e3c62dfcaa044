import { canonical, type LineWriter, type Link } from "./chain.ts";
import type { LineBytes } from "./line-bytes.ts";

/** A line that stands in each file, made once: that of a policy of 10,000 routes is megabytes of JSON. */
export class StandingLine implements LineWriter {
  readonly #beforeNumber: Buffer;
  readonly #beforeHash: Buffer;
  readonly #rest: Buffer;

  constructor(record: object) {
    const [beforeNumber, beforeHash, rest] = aroundLink(record).map((text) => Buffer.from(text)) as [
      Buffer,
      Buffer,
      Buffer,
    ];
    this.#beforeNumber = beforeNumber;
    this.#beforeHash = beforeHash;
    this.#rest = rest;
  }

  write(out: LineBytes, { n, prev }: Link): void {
    out.add(this.#beforeNumber).uint(n).add(this.#beforeHash).ascii(prev).add(this.#rest);
  }
}

/** Canonical JSON (RFC 8785) of the record with the members of a link, cut where their values go. */
function aroundLink(record: object): string[] {
  const texts = [""];
  const add = (text: string) => texts.push(`${texts.pop()}${text}`);
  const members = Object.entries({ ...record, n: 0, prev: "" }).filter(([, value]) => value !== undefined);
  for (const [index, [name, value]] of members.sort(([a], [b]) => (a < b ? -1 : 1)).entries()) {
    add(`${index === 0 ? "{" : ","}${JSON.stringify(name)}:`);
    if (name === "n") texts.push("");
    else if (name === "prev") {
      add('"');
      texts.push('"');
    } else add(canonical(value));
  }
  add("}");
  return texts;
}
