import type { Path, PolicyDocument } from "./document.ts";

interface Future {
  /** Keys from the root; `*` is any item of a list. */
  readonly at: readonly string[];
  /** Only these values; absent: the field itself. */
  readonly values?: readonly unknown[];
  readonly instead: string;
}

const FUTURE_ALGORITHMS = ["ES256K", "HS384", "HS512"];

/** Fields and values that the product is meant to have. Accepting one without effect would be a lie, so each is refused. */
export const NOT_IN_THIS_VERSION: readonly Future[] = [
  { at: ["evidence"], instead: "`evidence` in a route" },
  { at: ["deny"], instead: "`deny` in a route" },
  { at: ["ladder"], instead: "`ladder` in a route" },
  { at: ["identity", "revocation"], instead: "`revocation` at the top level" },
  {
    at: ["identity", "issuers", "*", "algorithms", "*"],
    values: FUTURE_ALGORITHMS,
    instead: "RS256, PS256, ES256, EdDSA, HS256 or the like",
  },
  { at: ["identity", "issuers", "*", "revocation"], instead: "`revocation` at the top level" },
  { at: ["identity", "issuers", "*", "stepUp"], instead: "`stepUp` in a route" },
  { at: ["routes", "*", "limits"], instead: "a route without `limits`" },
];

/** Reports every field and value of a later version; gives their paths. */
export function refuseFutureFields(document: PolicyDocument): Path[] {
  const found: Path[] = [];
  for (const { at, values, instead } of NOT_IN_THIS_VERSION) {
    for (const { path, value } of select(document.data, at)) {
      if (values && !values.includes(value)) continue;
      const what = values ? `${at.filter((key) => key !== "*").at(-1)}: ${value}` : `field "${at.at(-1)}"`;
      document.report("not_in_this_version", path, `${what} is not in this version`, instead, values ? "value" : "key");
      found.push(path);
    }
  }
  return found;
}

function select(data: unknown, at: readonly string[], path: Path = []): { path: Path; value: unknown }[] {
  const [step, ...rest] = at;
  if (step === undefined) return [{ path, value: data }];
  if (step === "*") return Array.isArray(data) ? data.flatMap((item, i) => select(item, rest, [...path, i])) : [];
  if (typeof data !== "object" || data === null || !(step in data)) return [];
  return select((data as Record<string, unknown>)[step], rest, [...path, step]);
}
