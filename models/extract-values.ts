/**
 * Labelled requests and payloads → JSON lines of their values in every decoded form, by the very code that runs in
 * Envoy: `node --import tsx models/extract-values.ts --data DIR --rows FILE --rows FILE --out build/values.jsonl`.
 *
 * A line: the row's id, source, label, category, subtype, kind, extracted, ambiguous, and `values`: kind, label (where
 * the value stood) and `forms`, one character a byte (Latin-1). A bare payload, of either label, is one value.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { createGunzip, gunzipSync } from "node:zlib";
import { type Core, type CoreRequest, type Form, loadCore } from "../scripts/core.ts";

const BATCH_ROWS = 512;
const PAYLOADS = ["attack-payloads.jsonl.gz", "benign-payloads.jsonl.gz"];
const REQUESTS = ["benign-requests.jsonl.gz"];
const HEADER_PROFILES = "benign-header-profiles.json.gz";

interface Row {
  id: string;
  source: string;
  label: "benign" | "attack";
  category: string;
  subtype: string;
  kind: "payload" | "request";
  extracted?: boolean;
  ambiguous?: boolean;
  payload?: string;
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

interface ExtractedValue {
  kind: string;
  label: string;
  forms: string[];
}

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: { data: { type: "string" }, rows: { type: "string", multiple: true }, out: { type: "string" } },
  });
  const { data, rows: files = [] } = flags;
  if (!data || !flags.out) throw new Error("use: extract-values.ts --data DIR --rows FILE --out FILE");
  const core = await loadCore();
  await mkdir(dirname(flags.out), { recursive: true });
  const out = createWriteStream(flags.out);
  for (const file of [...[...PAYLOADS, ...REQUESTS].map((name) => join(data, name)), ...files]) {
    for await (const rows of batches(linesOf(file))) write(extract(core, rows));
  }
  write(extract(core, await headerProfiles(join(data, HEADER_PROFILES))));
  out.end();
  await finished(out);

  function write(lines: string[]): void {
    for (const line of lines) out.write(`${line}\n`);
  }
}

function extract(core: Core, rows: Row[]): string[] {
  const payloads = rows.filter((row) => row.kind === "payload");
  const requests = rows.filter((row) => row.kind === "request");
  const ofPayloads = core
    .forms(payloads.map((row) => Buffer.from(row.payload ?? "")))
    .map((forms) => [{ kind: "text", label: "", forms: latin1(forms) }]);
  const ofRequests = core
    .values(requests.map(coreRequest))
    .map((values) => values.map(({ kind, label, forms }) => ({ kind, label, forms: latin1(forms) })));
  return [...payloads.map((row, i) => line(row, ofPayloads[i])), ...requests.map((row, i) => line(row, ofRequests[i]))];
}

function line(row: Row, values: ExtractedValue[] = []): string {
  const { id, source, label, category, subtype, kind, extracted, ambiguous } = row;
  return JSON.stringify({ id, source, label, category, subtype, kind, extracted, ambiguous, values });
}

/** Header names are lower case and the body absent when it is empty, as Envoy gives them. */
function coreRequest(row: Row): CoreRequest {
  const headers = Object.entries(row.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  const request = { method: row.method ?? "GET", path: row.path ?? "/", headers };
  return row.body ? { ...request, body: Buffer.from(row.body) } : request;
}

function latin1(forms: readonly Form[]): string[] {
  return forms.map((form) => Buffer.from(form.bytes).toString("latin1"));
}

async function headerProfiles(file: string): Promise<Row[]> {
  const profiles = JSON.parse(gunzipSync(await readFile(file)).toString()) as Record<string, string>[];
  return profiles.map((headers, index) => ({
    id: `header-profile-${index}`,
    source: "header-generator",
    label: "benign",
    category: "benign",
    subtype: "headers",
    kind: "request",
    headers,
  }));
}

function linesOf(file: string): AsyncIterable<string> {
  const bytes = createReadStream(file);
  const input = file.endsWith(".gz") ? bytes.pipe(createGunzip()) : bytes;
  return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}

async function* batches(lines: AsyncIterable<string>): AsyncGenerator<Row[]> {
  let rows: Row[] = [];
  for await (const line of lines) {
    rows.push(JSON.parse(line) as Row);
    if (rows.length < BATCH_ROWS) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

await main();
