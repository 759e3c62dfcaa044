import { Composer, type CST, type Document, type LineCounter, Parser } from "yaml";
import { hideBraces, restoreBraces } from "./path-braces.ts";
import type { ProblemCode } from "./problem-codes.ts";

/** `offset`: where in the text, UTF-16 units. */
export type Complain = (code: ProblemCode, offset: number, message: string, expected: string) => void;

/** Levels of lists and mappings within each other. */
export const MAXIMUM_DEPTH = 32;
/** Fields of one mapping: each is compared with all before it. */
const MAXIMUM_FIELDS = 1000;

/** The one document of `text`; null after complaining of what makes it none. */
export function parseYaml(text: string, lines: LineCounter, complain: Complain): Document.Parsed | null {
  const tokens = [...new Parser(lines.addNewLine).parse(hideBraces(text))];
  // The composer recurses, and looks for keys that are there twice: depth and width are judged before it.
  if (findExcess(tokens, complain)) return null;
  const [document, second] = new Composer({ prettyErrors: false }).compose(tokens, true, text.length);
  if (second) complain("yaml_syntax", second.range[0], "a second document begins", "one YAML 1.2 document");
  const problems = [...(document?.errors ?? []), ...(document?.warnings ?? [])];
  for (const { code, pos } of problems) {
    if (code !== "DUPLICATE_KEY") continue;
    complain("yaml_duplicate_key", pos[0], "key appears twice in the same mapping", "each key once");
  }
  // Those after the first only follow from it.
  const syntax = problems.find(({ code }) => code !== "DUPLICATE_KEY");
  if (syntax) complain("yaml_syntax", syntax.pos[0], restoreBraces(syntax.message), "one YAML 1.2 document");
  return document ?? null;
}

/** Complains of the first token found that is nested too deep, or is too wide a mapping. */
function findExcess(tokens: readonly CST.Token[], complain: Complain): boolean {
  const open = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next; next = open.pop()) {
    const { token, depth } = next;
    if (depth > MAXIMUM_DEPTH) {
      complain("yaml_expansion", token.offset, "document is nested too deep", `at most ${MAXIMUM_DEPTH} levels`);
      return true;
    }
    if (token.type === "document" && token.value) open.push({ token: token.value, depth });
    if (!("items" in token)) continue;
    const isMapping = token.type === "block-map" || (token.type === "flow-collection" && token.start.source === "{");
    if (isMapping && token.items.length > MAXIMUM_FIELDS) {
      const message = `a mapping with ${token.items.length} fields`;
      complain("wrong_length", token.offset, message, `at most ${MAXIMUM_FIELDS} fields`);
      return true;
    }
    for (const { key, value } of token.items) {
      if (key) open.push({ token: key, depth: depth + 1 });
      if (value) open.push({ token: value, depth: depth + 1 });
    }
  }
  return false;
}
