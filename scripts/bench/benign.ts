import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Core, type CoreRequest, loadCore } from "../core.ts";
import { projectRoot } from "../project-root.ts";

const jsonBytes = 2_048;
const formBytes = 64_000;
const formFieldBytes = 2_000;

/** Requests without attacks that the shipped screen clears, and texts that it is unsure about. */
export interface Benign {
  readonly get: CoreRequest;
  readonly json: CoreRequest;
  readonly form: CoreRequest;
  /** Texts of which the model is asked, each alone. */
  readonly unsure: readonly string[];
}

interface Fixture {
  readonly label: string;
  readonly payload: string;
}

/** What people write about machines: some of it the screen is unsure about, whatever its weights. */
const aboutMachines = [
  "see ../docs/readme.md and ../../shared/notes.txt",
  "the file is /var/log/syslog",
  "http://10.0.0.1:8080/status",
  "a && b || c",
  "exec xp_cmdshell is dangerous",
  "update my address where it says street; then select the best union from the list",
];

const browser = [
  ["user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"],
  ["accept", "application/json, text/html;q=0.9, */*;q=0.8"],
  ["accept-language", "en-GB,en;q=0.7,de;q=0.3"],
  ["accept-encoding", "gzip, deflate, br"],
] as const;

/**
 * Composes the requests from the benign texts of the project's fixtures, sorted by what the screen says of them.
 * @throws Error the fixtures don't give what is needed
 */
export async function benignRequests(): Promise<Benign> {
  const core = await loadCore();
  const { clearBelow, denyAlone } = core.thresholds();
  const texts = await fixtureTexts();
  const worst = (request: CoreRequest) => worstScore(core, request);
  const clears = (request: CoreRequest) => worst(request) < clearBelow;
  const cleared = texts.filter((text) => clears(searchFor(text)));
  const unsure = [...texts, ...aboutMachines].filter((text) => {
    const score = worst(searchFor(text));
    return score >= clearBelow && score < denyAlone;
  });
  const [first] = cleared;
  if (first === undefined || unsure.length === 0)
    throw new Error("the fixtures have no text that is cleared, or unsure");
  const benign = {
    get: searchFor(first),
    json: jsonOf(cleared),
    form: formOf(cleared, (field) => clears(formWith([field]))),
    unsure,
  };
  for (const request of [benign.get, benign.json, benign.form]) {
    if (!clears(request)) throw new Error(`the screen is unsure about the benign ${request.method} ${request.path}`);
  }
  return benign;
}

/** A GET with the text in its query. */
export function searchFor(text: string): CoreRequest {
  return { method: "GET", path: `/search?page=2&q=${encodeURIComponent(text)}`, headers: browser };
}

/** The same request with one more value, the text. */
export function withText(request: CoreRequest, text: string): CoreRequest {
  const body = Buffer.from(request.body ?? []).toString();
  const isJson = body.startsWith("{");
  const more = isJson
    ? body.replace(/}$/, `,"note":${JSON.stringify(text)}}`)
    : `${body}&note=${encodeURIComponent(text)}`;
  return { ...request, body: Buffer.from(more) };
}

function jsonOf(texts: readonly string[]): CoreRequest {
  const items: object[] = [];
  for (let i = 0; JSON.stringify({ items }).length < jsonBytes; i++)
    items.push({ note: texts[i % texts.length], count: i });
  return post("/orders", "application/json", JSON.stringify({ items }));
}

/** Fields of several texts each, of which the screen clears every one; none is cut. */
function formOf(texts: readonly string[], clears: (field: string) => boolean): CoreRequest {
  const fields: string[] = [];
  let field = "";
  for (let i = 0; formText(fields).length < formBytes; i++) {
    const longer = `${field}${texts[i % texts.length]}\n`;
    if (clears(longer)) field = longer;
    if (field.length < formFieldBytes) continue;
    fields.push(field);
    field = "";
  }
  return formWith(fields.slice(0, -1));
}

function formWith(fields: readonly string[]): CoreRequest {
  return post("/comments", "application/x-www-form-urlencoded", formText(fields));
}

function formText(fields: readonly string[]): string {
  return new URLSearchParams(fields.map((text, index): [string, string] => [`text${index}`, text])).toString();
}

function post(path: string, contentType: string, body: string): CoreRequest {
  return { method: "POST", path, headers: [...browser, ["content-type", contentType]], body: Buffer.from(body) };
}

function worstScore(core: Core, request: CoreRequest): number {
  const forms = core.values([request]).flatMap((values) => values.flatMap((value) => value.forms));
  return Math.max(0, ...core.screen(forms.map(({ bytes }) => bytes)).map(({ millionths }) => millionths));
}

async function fixtureTexts(): Promise<string[]> {
  const lines = (await readFile(join(projectRoot, "test", "fixtures", "requests.jsonl"), "utf8")).trim().split("\n");
  const fixtures = lines.map((line) => JSON.parse(line) as Fixture);
  return fixtures.filter(({ label }) => label === "benign").map(({ payload }) => payload);
}
