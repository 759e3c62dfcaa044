type Segment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "parameter"; readonly name: string };

/** `rest`: the pattern ends in a double asterisk, and so covers zero or more segments after the others. */
export interface PathPattern {
  readonly segments: readonly Segment[];
  readonly rest: boolean;
}

const MAXIMUM_SEGMENTS = 64;

// RFC 3986 section 3.3 `pchar` without what the path check decodes or cuts off (`%`, `;`) and without our own `*`.
const LITERAL = /^[A-Za-z0-9._~!$&'()+,=:@-]*$/;
const PARAMETER = /^\{[A-Za-z_][A-Za-z0-9_-]*\}$/;

/** The pattern, or what is wrong with it and what was expected. */
export function parsePathPattern(text: string): PathPattern | { message: string; expected: string } {
  if (!text.startsWith("/")) return { message: `path "${text}" does not begin with "/"`, expected: "/orders/{id}" };
  const parts = text.slice(1).split("/");
  const rest = parts.at(-1) === "**";
  if (rest) parts.pop();
  if (parts.length > MAXIMUM_SEGMENTS) {
    return { message: `path has ${parts.length} segments`, expected: `at most ${MAXIMUM_SEGMENTS}` };
  }
  const names = new Set<string>();
  const segments: Segment[] = [];
  for (const [index, part] of parts.entries()) {
    const refusal = refuse(part, names, index === parts.length - 1 && !rest);
    if (refusal) return refusal;
    const isParameter = PARAMETER.test(part);
    if (isParameter) names.add(part);
    segments.push(isParameter ? { kind: "parameter", name: part.slice(1, -1) } : { kind: "literal", text: part });
  }
  return { segments, rest };
}

function refuse(part: string, names: ReadonlySet<string>, last: boolean): { message: string; expected: string } | null {
  if (PARAMETER.test(part)) {
    return names.has(part) ? { message: `parameter ${part} appears twice`, expected: "a name of its own" } : null;
  }
  if (part === "**") return { message: "** stands before the end of the path", expected: "** as the last segment" };
  if (part === "" && !last) return { message: "path has an empty segment", expected: "one slash between segments" };
  if (part === "." || part === "..") {
    return {
      message: `path has the segment "${part}", which is never forwarded`,
      expected: "a path without dot segments",
    };
  }
  if (/[{}*]/.test(part)) {
    const expected = "a literal segment, {name} for exactly one segment, or /** at the end";
    return { message: `segment "${part}" is neither literal nor a parameter`, expected };
  }
  if (LITERAL.test(part)) return null;
  return {
    message: `segment "${part}" has a character that cannot be matched byte by byte`,
    expected: "letters, digits and -._~!$&'()+,=:@ (write {name} for anything else)",
  };
}

/** Equal for patterns that match the same paths. */
export function shapeOf(pattern: PathPattern): string {
  const parts = pattern.segments.map((segment) => (segment.kind === "literal" ? segment.text : "{}"));
  return ["", ...parts, ...(pattern.rest ? ["**"] : [])].join("/");
}
