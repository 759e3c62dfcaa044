import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node } from "yaml";
import { restoreBraces } from "./path-braces.ts";
import { PlainData } from "./plain-data.ts";
import { PolicyError, type Problem } from "./problem.ts";
import type { ProblemCode } from "./problem-codes.ts";
import { type Complain, parseYaml } from "./yaml-parse.ts";

/** Where a value stands in a document: keys and indices from the root. */
export type Path = readonly (string | number)[];

/** A YAML document as plain data that still knows where everything was written. */
export class PolicyDocument {
  readonly file: string;
  readonly problems: Problem[] = [];
  readonly data: unknown;
  private readonly root: Node | null;
  private readonly lines = new LineCounter();
  private readonly plain: PlainData;

  /** Throws `PolicyError` if `text` is no usable YAML document. `file` is named in problems. */
  constructor(file: string, text: string) {
    this.file = file;
    const complain: Complain = (code, offset, message, expected) =>
      this.problems.push({ file, ...this.position(offset), message, expected, code });
    this.plain = new PlainData(complain);
    const document = parseYaml(text, this.lines, complain);
    this.root = document?.contents ?? null;
    this.data = this.problems.length === 0 ? this.plain.of(this.root) : null;
    if (this.problems.length > 0) throw new PolicyError(this.problems);
  }

  /** Records a problem at the value of `path`, or at its key, or at the nearest thing around it that was written. */
  report(code: ProblemCode, path: Path, message: string, expected: string, at: "value" | "key" = "value"): void {
    const position = this.position(this.offset(path, at));
    this.problems.push({ file: this.file, ...position, message, expected, code });
  }

  /** Where the value of `path` stands. */
  locate(path: Path): { line: number; column: number } {
    return this.position(this.offset(path, "value"));
  }

  private position(offset: number): { line: number; column: number } {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  private offset(path: Path, at: "value" | "key"): number {
    let node: unknown = this.root;
    let offset = this.root?.range?.[0] ?? 0;
    for (const [depth, step] of path.entries()) {
      const { key, value } = this.child(node, step);
      const written = (at === "key" && depth === path.length - 1 ? key : value) ?? key;
      if (!written?.range) return offset;
      offset = written.range[0];
      node = value;
    }
    return offset;
  }

  private child(node: unknown, step: string | number): { key: Node | null; value: Node | null } {
    const container = isAlias(node) ? this.plain.aliases.get(node) : node;
    if (isSeq(container)) return { key: null, value: (container.items[Number(step)] as Node | undefined) ?? null };
    if (!isMap(container)) return { key: null, value: null };
    const pair = container.items.find((item) => isScalar(item.key) && restoreBraces(String(item.key.value)) === step);
    return { key: (pair?.key as Node | undefined) ?? null, value: (pair?.value as Node | null | undefined) ?? null };
  }
}
