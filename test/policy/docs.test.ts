import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { loadPolicy } from "../../inference-sidecar/src/policy/load.ts";
import { NOT_IN_THIS_VERSION } from "../../inference-sidecar/src/policy/not-in-this-version.ts";
import { NOTE_CODES } from "../../inference-sidecar/src/policy/note.ts";
import { METHODS } from "../../inference-sidecar/src/policy/policy.ts";
import { PROBLEM_CODES } from "../../inference-sidecar/src/policy/problem-codes.ts";
import { makePolicyFolder } from "./policy-folder.ts";

interface Schema {
  $ref?: string;
  description?: string;
  default?: unknown;
  examples?: unknown[];
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
  then?: Schema;
  $defs: Record<string, Schema>;
}

const root: Schema = JSON.parse(await readFile("inference-sidecar/src/policy/policy.schema.json", "utf8"));
const docs = await readFile("docs/policy.md", "utf8");

/** Every field of the schema by its path, such as `routes[].match.path`. */
function fieldsOf(schema: Schema, path = ""): [path: string, field: Schema][] {
  const target = schema.$ref ? (root.$defs[schema.$ref.split("/").at(-1) ?? ""] as Schema) : schema;
  const fields: [string, Schema][] = [];
  for (const [name, field] of Object.entries(target.properties ?? {})) {
    const at = path ? `${path}.${name}` : name;
    fields.push([at, field], ...fieldsOf(field, at));
  }
  if (target.items) fields.push(...fieldsOf(target.items, `${path}[]`));
  if (target.then) fields.push(...fieldsOf(target.then, path));
  return fields;
}

/** Rows of the tables whose first cell is code, as cells, under the section that names their place. */
function documented(): Map<string, string[]> {
  const rows = new Map<string, string[]>();
  let place = "";
  for (const line of docs.split("\n")) {
    const heading = /^##+ (?:`([^`]*)`)?/.exec(line);
    if (heading) place = heading[1] ? `${heading[1]}.` : "";
    const cells = line.split("|").map((cell) => cell.trim());
    const name = /^`([^`]*)`$/.exec(cells[1] ?? "")?.[1];
    if (name) rows.set(place + name, cells.slice(2));
  }
  return rows;
}

/** Those that have fields of their own, which are documented instead; the grants of `deny` are those of `allow`. */
const CONTAINERS =
  /^(routes\[\]\.deny\[\]\..*|listener|identity\.(issuers|workloads|apiKeys|headers|dpop|assertion)|.*\.(stepUp|ladder|jwks|secret|trustBundle|match)|listener\.tls\.(certificate|key))$/;

test("every field of the schema is documented, and every documented field exists", () => {
  const fields = fieldsOf(root).filter(([path]) => !CONTAINERS.test(path));
  const rows = [...documented().keys()].filter((path) => !(path in PROBLEM_CODES || path in NOTE_CODES));
  assert.deepEqual(rows.toSorted(), fields.map(([path]) => path).toSorted());
});

test("documented defaults are the schema's", () => {
  const rows = documented();
  for (const [path, field] of fieldsOf(root)) {
    if (typeof field.default !== "string" || CONTAINERS.test(path)) continue;
    assert.equal(rows.get(path)?.[0], `\`${field.default}\``, path);
  }
});

test("every field of the schema is described, and every leaf has an example or a list of values", () => {
  for (const [path, field] of fieldsOf(root)) {
    const {
      description,
      examples,
      enum: values,
      properties,
      default: fallback,
    } = field.$ref ? fieldOf(field.$ref) : field;
    assert.ok(description, path);
    assert.ok(examples || values || properties || fallback !== undefined, path);
  }
});

function fieldOf(reference: string): Schema {
  return root.$defs[reference.split("/").at(-1) ?? ""] as Schema;
}

test("every code is documented, and every documented code exists", () => {
  const codes = docs.slice(docs.indexOf("| code |")).match(/(?<=^\| `)[a-z0-9_]+(?=`)/gm);
  assert.deepEqual(codes?.toSorted(), Object.keys(PROBLEM_CODES).toSorted());
});

test("every field and value of a later version is documented", () => {
  const section = docs.slice(docs.indexOf("## Not in this version"), docs.indexOf("## What `check` says"));
  for (const { at, values } of NOT_IN_THIS_VERSION) {
    for (const word of values ?? [at.at(-1)]) assert.match(section, new RegExp(`\\b${word}\\b`));
  }
});

test("the methods of the schema and the documentation are those of the compiler", () => {
  const schema = fieldsOf(root).find(([path]) => path === "routes[].match.methods")?.[1];
  assert.deepEqual(schema?.items?.enum, METHODS);
  assert.ok(docs.includes(`\`${METHODS.join(" ")}\``));
});

test("the example is valid", async () => {
  const { folder, remove } = await makePolicyFolder();
  try {
    const example = /```yaml\n([^`]*)```/.exec(docs)?.[1]?.replace("ca.pem", "server.pem") ?? "";
    await writeFile(join(folder, "policy.yaml"), example);
    const { policy } = await loadPolicy(join(folder, "policy.yaml"));
    assert.deepEqual(
      policy.routes.map(({ name }) => name),
      ["health", "read-orders", "comments"],
    );
  } finally {
    await remove();
  }
});
