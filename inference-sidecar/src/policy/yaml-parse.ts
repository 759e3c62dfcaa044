import { Composer, type CST, type Document, type LineCounter, Parser } from "yaml";
import { hideBraces, restoreBraces } from "./path-braces.ts";
import type { ProblemCode } from "./problem-codes.ts";

/** `offset`: where in the text, UTF-16 units. */
export type Complain = (code: ProblemCode, offset: number, message: string, expected: string) => void;

/** Levels of lists and mappings within each other. */
export const MAXIMUM_DEPTH = 32;

/** The one document of `text`; null after complaining of what makes it none. */
export function parseYaml(text: string, lines: LineCounter, complain: Complain): Document.Parsed | null {
  const tokens = [...new Parser(lines.addNewLine).parse(hideBraces(text))];
  // The composer recurses, so depth is judged before it.
  const deep = tooDeep(tokens);
  if (deep) {
    complain("yaml_expansion", deep.offset, "document is nested too deep", `at most ${MAXIMUM_DEPTH} levels`);
    return null;
  }
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

/** The first token found that is nested deeper than `MAXIMUM_DEPTH`. */
function tooDeep(tokens: readonly CST.Token[]): CST.Token | null {
  const open = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next; next = open.pop()) {
    const { token, depth } = next;
    if (depth > MAXIMUM_DEPTH) return token;
    if (token.type === "document" && token.value) open.push({ token: token.value, depth });
    if (!("items" in token)) continue;
    for (const { key, value } of token.items) {
      if (key) open.push({ token: key, depth: depth + 1 });
      if (value) open.push({ token: value, depth: depth + 1 });
    }
  }
  return null;
}
