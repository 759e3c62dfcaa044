import { parsePathPattern, shapeOf } from "../../inference-sidecar/src/policy/path-pattern.ts";

/** A path of OpenAPI, or of an observed request, as a pattern of the policy. */
export interface Template {
  readonly path: string;
  /** Equal for patterns that match the same paths. */
  readonly shape: string;
  /** The pattern takes more than the template says: a segment was only partly a parameter, or has unusual characters. */
  readonly wider: boolean;
}

/** Null: nothing of it can be matched. */
export function templateOf(text: string): Template | null {
  const names = new Set<string>();
  let wider = false;
  const segments = text
    .replace(/^\/*/, "")
    .split("/")
    .map((segment, index, all) => {
      const name = /^\{([^{}]+)\}$/.exec(segment)?.[1];
      if (name === undefined && !/[{}]/.test(segment)) {
        const literal = segment === "" && index < all.length - 1 ? null : parsePathPattern(`/${segment}`);
        if (literal !== null && !("message" in literal) && !literal.rest) return segment;
      }
      wider ||= name === undefined;
      return parameter(name ?? segment, names);
    });
  const path = `/${segments.join("/")}`;
  const pattern = parsePathPattern(path);
  return "message" in pattern ? null : { path, shape: shapeOf(pattern), wider };
}

function parameter(wanted: string, names: Set<string>): string {
  const plain = wanted.replace(/[^A-Za-z0-9_-]+/g, "").replace(/^[^A-Za-z_]+/, "") || "part";
  let name = plain;
  for (let number = 2; names.has(name); number++) name = `${plain}${number}`;
  names.add(name);
  return `{${name}}`;
}

/**
 * Literal segments before parameters, whatever these are named, at the first place where two patterns differ: the first route
 * that matches decides.
 */
export function bySpecificity(a: { readonly path: string }, b: { readonly path: string }): number {
  const [one, other] = [a.path.split("/"), b.path.split("/")];
  for (let index = 0; index < Math.min(one.length, other.length); index++) {
    const [left = "", right = ""] = [one[index], other[index]];
    const order = Number(left.startsWith("{")) - Number(right.startsWith("{"));
    if (order !== 0) return order;
    if (!left.startsWith("{") && left !== right) return left < right ? -1 : 1;
  }
  return one.length - other.length;
}
