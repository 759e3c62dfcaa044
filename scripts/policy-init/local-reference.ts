import { type Mapping, mapping } from "./mapping.ts";

/** So many references are followed from one place; a circle ends here as well. */
const REFERENCES_MOST = 16;

/**
 * What a value of a document stands for: itself, or, where it is a reference within the document (`$ref: "#/…"`), what
 * that names, with the fields that stand beside the reference. Null: it stands elsewhere, nowhere, or in a circle.
 */
export function dereferenced(document: Mapping, value: unknown): Mapping | null {
  let beside: Mapping = {};
  for (let count = 0; count <= REFERENCES_MOST && value !== undefined; count++) {
    const { $ref, ...fields } = mapping(value);
    beside = { ...fields, ...beside };
    if ($ref === undefined) return beside;
    if (typeof $ref !== "string" || !$ref.startsWith("#/")) return null;
    value = named(document, $ref.slice(2));
  }
  return null;
}

/** By a JSON pointer (RFC 6901), in a URI's fragment percent-encoded. */
function named(document: Mapping, pointer: string): unknown {
  const tokens = pointer.split("/").map((token) => decoded(token).replaceAll("~1", "/").replaceAll("~0", "~"));
  return tokens.reduce<unknown>((place, name) => {
    const fields = mapping(place);
    return Object.hasOwn(fields, name) ? fields[name] : undefined;
  }, document);
}

function decoded(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}
