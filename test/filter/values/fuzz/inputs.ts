import { readdir, readFile } from "node:fs/promises";
import type { CoreRequest } from "../../../../scripts/core.ts";
import type { Random } from "../../../harness/random.ts";
import { generate, units } from "./grammar.ts";

const MAX_INPUT_BYTES = 640;
const folder = new URL("../../../fixtures/fuzz/", import.meta.url);

/** The kept inputs: one for each syntax that is read, and each that ever did harm. */
export const corpus: readonly Buffer[] = await Promise.all(
  (await readdir(folder)).sort().map((file) => readFile(new URL(file, folder))),
);

const contentTypes = [
  "application/json",
  "application/x-www-form-urlencoded",
  "text/plain",
  "application/x",
  "application/graphql",
  "application/x-ndjson",
  "a/b; charset=utf-16",
  "application/json; charset=utf-16le",
  "text/xml; charset=utf-32be",
  "text/xml",
  "multipart/form-data; boundary=XbX",
  "multipart/mixed; boundary=XbX",
  "application/http",
  "message/rfc822",
  "application/x-protobuf",
  "application/grpc",
  "",
];
const headers = ["cookie", "referer", "user-agent", "accept", "x-a", "authorization", "via", "sec-ch-ua", "range"];

/** A text of the grammar or of the corpus with a few edits: bytes set, cut out, doubled, units or parts of another put in. */
export function mutant(random: Random): Buffer {
  const fresh = random.below(2) === 0;
  let bytes = fresh ? Buffer.from(generate(random, random.below(5)), "latin1") : random.pick(corpus);
  for (let edits = random.below(5); edits > 0; edits--) {
    const at = random.below(bytes.length + 1);
    const other = random.pick(corpus);
    const inserts = [
      () => Buffer.of(random.below(256)),
      () => Buffer.from(random.pick(units), "latin1"),
      () => bytes.subarray(at, at + random.below(40)),
      () => other.subarray(random.below(other.length + 1)).subarray(0, 60),
      () => Buffer.from(random.pick(units).repeat(1 + random.below(12)), "latin1"),
      () => Buffer.alloc(0),
    ];
    const insert = random.pick(inserts)();
    bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + random.below(12))]);
  }
  return bytes.subarray(0, MAX_INPUT_BYTES);
}

/** The bytes in one of the places of a request. */
export function placed(random: Random, bytes: Buffer): CoreRequest {
  const place = random.below(6);
  if (place < 3) return inBody(random.pick(contentTypes), bytes);
  if (place < 5)
    return { method: "GET", path: Buffer.concat([Buffer.from("/?a="), bytes]).subarray(random.below(5)), headers: [] };
  return { method: "GET", path: "/", headers: [[random.pick(headers), bytes]] };
}

/** One unit over and over, in each place where it may be dear. */
export function repeated(unit: string, bytes: number): CoreRequest[] {
  const text = Buffer.from(unit.repeat(Math.ceil(bytes / unit.length)), "latin1");
  const after = (start: string) => Buffer.concat([Buffer.from(start), text]);
  return [
    ...contentTypes.map((type) => inBody(type, text)),
    inBody("application/json", after('{"a":')),
    inBody("application/graphql", after("query {")),
    inBody("text/xml", after("<a>")),
    inBody("multipart/form-data; boundary=X", after("--X\r\n")),
    inBody("multipart/form-data; boundary=X", after('--X\r\nContent-Disposition: form-data; name="a"; filename="')),
    { method: "GET", path: text, headers: [] },
    { method: "GET", path: after("/?a="), headers: [] },
    ...headers.map((name) => ({ method: "GET", path: "/", headers: [[name, text] as const] })),
  ];
}

function inBody(type: string, body: Buffer): CoreRequest {
  return { method: "POST", path: "/", headers: [["content-type", type]], body };
}
