import type { ErrorObject, SchemaValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Path, PolicyDocument } from "./document.ts";
import { nearestName } from "./nearest-name.ts";
import policySchema from "./policy.schema.json" with { type: "json" };
import type { ProblemCode } from "./problem-codes.ts";

/** Reports what the schema does not allow, but for the fields in `refused`; gives the paths of what is not usable. */
type SchemaCheck = (document: PolicyDocument, refused?: readonly Path[]) => Path[];

const ajv = new Ajv2020({ allErrors: true, verbose: true, strict: true, strictTypes: false });
// Editors show it for a `pattern` that does not match; so does `explain`.
ajv.addKeyword("patternErrorMessage");
// Its own compares mappings by a method that those of a document, without a prototype, do not have.
ajv.removeKeyword("uniqueItems");
ajv.addKeyword({ keyword: "uniqueItems", type: "array", schemaType: "boolean", errors: true, validate: haveNoTwins() });

type Finding = readonly [code: ProblemCode, message: string, expected: string];

export const checkSchema = schemaCheck(policySchema);

/** The check for a JSON Schema, compiled once. */
export function schemaCheck(schema: object): SchemaCheck {
  const validate = ajv.compile(schema);
  return (document, refused = []) => {
    const known = new Set(refused.map((path) => JSON.stringify(path)));
    const unusable: Path[] = [...refused];
    validate(document.data);
    for (const error of validate.errors ?? []) {
      if (error.keyword === "if") continue;
      const { path, key } = place(error, document.data);
      if (known.has(JSON.stringify(path))) continue;
      const [code, message, expected] = explain(error);
      document.report(code, path, message, expected, key);
      if (error.keyword !== "required") unusable.push(path);
    }
    return unusable;
  };
}

/** Whether no two items of a list are the same. */
function haveNoTwins(): SchemaValidateFunction {
  const check: SchemaValidateFunction = (wanted: boolean, items: readonly unknown[]) => {
    const known = new Map<string, number>();
    for (const [j, item] of wanted ? items.entries() : []) {
      const text = JSON.stringify(item, (_, value) => (isMapping(value) ? inOrder(value) : value));
      const i = known.get(text);
      if (i !== undefined) {
        check.errors = [{ keyword: "uniqueItems", params: { i, j } }];
        return false;
      }
      known.set(text, j);
    }
    return true;
  };
  return check;
}

/** By the fields' names alone: a value that is a mapping has no text to be compared by. */
function inOrder(mapping: object): [name: string, value: unknown][] {
  return Object.entries(mapping).sort(([one], [other]) => (one < other ? -1 : 1));
}

function isMapping(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An unknown field is reported at itself, everything else at the value that the error is about. */
function place(error: ErrorObject, data: unknown): { path: Path; key: "key" | "value" } {
  const path = fromPointer(error.instancePath, data);
  if (error.keyword === "additionalProperties") return { path: [...path, error.params.additionalProperty], key: "key" };
  if (error.keyword === "propertyNames") return { path: [...path, error.params.propertyName], key: "key" };
  return { path, key: "value" };
}

function fromPointer(pointer: string, data: unknown): Path {
  const steps: (string | number)[] = [];
  let at = data;
  for (const raw of pointer.split("/").slice(1)) {
    const step = raw.replaceAll("~1", "/").replaceAll("~0", "~");
    steps.push(Array.isArray(at) ? Number(step) : step);
    at = (at as Record<string, unknown> | undefined)?.[step];
  }
  return steps;
}

function explain(error: ErrorObject): Finding {
  const { params, data } = error;
  const schema = error.parentSchema ?? {};
  switch (error.keyword) {
    case "additionalProperties":
      return explainUnknown(params.additionalProperty, Object.keys(schema.properties ?? {}));
    case "required":
      return ["missing_field", `field "${params.missingProperty}" is missing`, `"${params.missingProperty}"`];
    case "type":
      return ["wrong_type", `${describe(data)} stands here`, typeNames(params.type)];
    case "enum":
    case "const":
      return [
        "wrong_value",
        `${describe(data)} is not possible here`,
        [params.allowedValues ?? params.allowedValue].flat().join(", "),
      ];
    case "pattern":
      return ["wrong_syntax", `${describe(data)} is not written as it must be`, schema.patternErrorMessage];
    case "minimum":
    case "maximum":
      return ["out_of_range", `${data} stands here`, `${schema.minimum} to ${schema.maximum}`];
    case "uniqueItems":
      return ["duplicate_item", `items ${params.j + 1} and ${params.i + 1} are the same`, "each item once"];
    default:
      return ["wrong_length", `${error.message}`.replace("must NOT have", "has"), limits(schema)];
  }
}

function explainUnknown(name: string, known: readonly string[]): Finding {
  if (name === "<<") return ["unknown_field", "a merge key", "the fields themselves: YAML 1.2 has no merge keys"];
  const nearest = nearestName(name, known);
  const expected = nearest ? `"${nearest}", which is the nearest known field` : known.join(", ");
  return ["unknown_field", `unknown field "${name}"`, expected];
}

function limits(schema: Record<string, unknown>): string {
  const least = schema.minLength ?? schema.minItems ?? schema.minProperties ?? 0;
  const most = schema.maxLength ?? schema.maxItems ?? schema.maxProperties;
  const unit = "maxLength" in schema || "minLength" in schema ? "characters" : "entries";
  return most === undefined ? `at least ${least} ${unit}` : `${least} to ${most} ${unit}`;
}

function typeNames(type: string | string[]): string {
  const names: Record<string, string> = {
    object: "a mapping",
    array: "a list",
    string: "text",
    boolean: "true or false",
  };
  return [type]
    .flat()
    .map((name) => names[name] ?? `an ${name}`)
    .join(" or ");
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  return typeof value === "string" ? `"${value.slice(0, 60)}"` : `${value}`;
}
