import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import { restoreBraces } from "./path-braces.ts";
import { type Complain, MAXIMUM_DEPTH } from "./yaml-parse.ts";

const MAXIMUM_VALUES = 1_000_000;
/** Half of a pair: UTF-8 has no bytes for it, so that what is compiled would be another text. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Turns YAML nodes into plain data, aliases expanded within bounds. Mappings become objects without prototype. */
export class PlainData {
  readonly aliases = new Map<Alias, Node>();
  private readonly anchors = new Map<string, Node>();
  private readonly complain: Complain;
  private values = 0;
  private tooLarge = false;

  constructor(complain: Complain) {
    this.complain = complain;
  }

  /** The data of the whole document; what can't be turned into data was complained of and is null. */
  of(node: unknown): unknown {
    return this.convert(node, 0, false);
  }

  private convert(node: unknown, depth: number, repeated: boolean): unknown {
    if (++this.values > MAXIMUM_VALUES || depth > MAXIMUM_DEPTH) return this.refuseSize(node as Node | null);
    if (isAlias(node)) return this.expand(node, depth, repeated);
    if (!repeated && (isMap(node) || isSeq(node) || isScalar(node)) && node.anchor) this.anchors.set(node.anchor, node);
    if (isMap(node)) return this.mapping(node, depth, repeated);
    if (isSeq(node)) return node.items.map((item) => this.convert(item, depth + 1, repeated));
    const value = isScalar(node) ? node.value : null;
    return typeof value === "string" ? this.text(value, node as Node) : value;
  }

  private expand(alias: Alias, depth: number, repeated: boolean): unknown {
    const target = repeated ? this.aliases.get(alias) : this.anchors.get(alias.source);
    if (!target) {
      this.complain(
        "yaml_syntax",
        start(alias),
        `no anchor "${alias.source}" before this alias`,
        'an anchor; a host such as "*.demo" in quotes',
      );
      return null;
    }
    this.aliases.set(alias, target);
    return this.convert(target, depth + 1, true);
  }

  private mapping(node: YAMLMap, depth: number, repeated: boolean): Record<string, unknown> {
    const data: Record<string, unknown> = Object.create(null);
    for (const { key, value } of node.items) {
      if (isScalar(key) && typeof key.value === "string")
        data[this.text(key.value, key)] = this.convert(value, depth + 1, repeated);
      else this.complain("yaml_key", start(key as Node | null), "key is not text", "a field name");
    }
    return data;
  }

  private text(value: string, node: Node): string {
    if (LONE_SURROGATE.test(value))
      this.complain("wrong_syntax", start(node), "text with half of a surrogate pair", "whole characters of Unicode");
    return restoreBraces(value);
  }

  private refuseSize(node: Node | null): null {
    if (!this.tooLarge) {
      const message = "document is too deep, or too large once its aliases are expanded";
      const expected = `at most ${MAXIMUM_DEPTH} levels and ${MAXIMUM_VALUES} values`;
      this.complain("yaml_expansion", start(node), message, expected);
    }
    this.tooLarge = true;
    return null;
  }
}

function start(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}
