import { readdir, readFile } from "node:fs/promises";
import type { Random } from "../harness/random.ts";
import { attacks, ordinary } from "../models/attacks.ts";

const fixtures = new URL("../fixtures/", import.meta.url);
const rows = (await readFile(new URL("requests.jsonl", fixtures), "utf8"))
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as { label: "benign" | "attack"; payload: string });
const byLabel = (label: string) => rows.filter((row) => row.label === label).map(({ payload }) => payload);
const hostile = [...Object.values(attacks).flat(), ...byLabel("attack")];
const harmless = [...ordinary, ...byLabel("benign"), "blue", "42", "page=2", "kim@example.org", "2026-11-22"];
const fuzz = await Promise.all(
  (await readdir(new URL("fuzz/", fixtures))).map((name) => readFile(new URL(`fuzz/${name}`, fixtures))),
);

/** A value of a request: mostly what people write, else an attack as it is or changed, else bytes without sense. */
export function payload(random: Random): Buffer {
  const dice = random.below(100);
  if (dice < 60) return Buffer.from(random.pick(harmless));
  if (dice < 74) return Buffer.from(random.pick(hostile));
  if (dice < 92) return Buffer.from(mutant(random, random.pick(hostile)));
  return garbage(random);
}

function mutant(random: Random, attack: string): string {
  const at = random.below(attack.length + 1);
  return random.pick([
    () => [...attack].map((c) => (random.chance(50) ? c.toUpperCase() : c)).join(""),
    () => attack.replaceAll(" ", random.pick(["/**/", "\t", "  ", "+", "%20"])),
    () => `${random.pick(harmless)} ${attack} ${random.pick(harmless)}`,
    () => attack.slice(0, at) + random.pick(harmless) + attack.slice(at),
    () => Buffer.from(attack).toString("base64"),
    () => encodeURIComponent(attack),
    () =>
      [...attack].map((c) => (random.chance(30) ? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}` : c)).join(""),
    () => attack.replaceAll("<", "&lt;").replaceAll("'", "&#39;"),
    () => `${"lorem ipsum dolor sit amet ".repeat(random.below(30))}${attack}`,
    () => attack.slice(0, at),
  ])();
}

/** A part of a fuzz seed with noise in it: broken UTF-8, controls, unfinished escapes. */
function garbage(random: Random): Buffer {
  const seed = random.pick(fuzz);
  const start = random.below(seed.length);
  const part = seed.subarray(start, start + 1 + random.below(200));
  const at = random.below(part.length + 1);
  return Buffer.concat([part.subarray(0, at), random.bytes(random.below(8)), part.subarray(at)]);
}

/** Percent-encodes all but unreserved characters, and now and then one of those. */
export function percentEncoded(random: Random, bytes: Buffer): string {
  return [...bytes]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      const plain = /[\w.~-]/.test(character) && !random.chance(2);
      return plain ? character : `%${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
}

/** As it can stand in a header's value: one line without controls. */
export function headerText(bytes: Buffer): string {
  return bytes
    .toString("latin1")
    .replace(/[^\t -~\x80-\xff]/g, " ")
    .trim();
}
