import { isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap, type YAMLSeq } from "yaml";
import { hideBraces } from "../../inference-sidecar/src/policy/path-braces.ts";
import type { Proposal } from "./proposal.ts";

/** A piece of a text that another takes the place of; UTF-16 units. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Finds where in a policy's text proposals are to be made, and leaves everything else as it is written. */
export class PolicyEditor {
  readonly #text: string;
  readonly #routes: readonly YAMLMap[];

  constructor(text: string) {
    this.#text = text;
    const routes = parseDocument(hideBraces(text)).get("routes");
    this.#routes = isSeq(routes) ? routes.items.filter(isMap) : [];
  }

  /** null: it can't be made here. */
  edit(proposal: Proposal): Edit | null {
    const route = this.#routes.find((each) => each.get("name") === proposal.route);
    if (route === undefined) return null;
    switch (proposal.kind) {
      case "remove-grant":
        return this.#removeGrant(route, proposal.grant);
      case "name-methods":
        return this.#nameMethods(route, proposal.methods);
      case "raise-mode":
        return this.#setMode(route, proposal.mode);
    }
  }

  #removeGrant(route: YAMLMap, id: string): Edit | null {
    const grants = route.get("allow");
    if (!isSeq(grants)) return null;
    const index = grants.items.findIndex((grant, at) => idOf(grant, at, String(route.get("name"))) === id);
    // A route that nobody may call is no smaller grant.
    if (index < 0 || grants.items.length === 1) return null;
    return grants.flow ? flowItem(grants, index) : this.#blockItem(grants, index);
  }

  #nameMethods(route: YAMLMap, methods: readonly string[]): Edit | null {
    const match = route.get("match");
    if (!isMap(match)) return null;
    const written = `[${methods.join(", ")}]`;
    const present = match.get("methods", true) as Node | undefined;
    if (present !== undefined) return replace(present, written);
    const first = match.items[0]?.key as Node | undefined;
    if (!first?.range) return null;
    const separator = match.flow ? ", " : `\n${this.#indent(first.range[0])}`;
    return insert(first.range[0], `methods: ${written}${separator}`);
  }

  #setMode(route: YAMLMap, mode: string): Edit | null {
    const present = route.get("mode", true) as Node | undefined;
    if (present !== undefined) return replace(present, mode);
    const name = route.get("name", true) as Node | undefined;
    const first = route.items[0]?.key as Node | undefined;
    if (!name?.range || !first?.range) return null;
    if (route.flow) return insert(name.range[1], `, mode: ${mode}`);
    // A comment stays beside the name.
    const feed = this.#text.indexOf("\n", name.range[1]);
    const at = feed < 0 ? this.#text.length : feed;
    return insert(at, `\n${this.#indent(first.range[0])}mode: ${mode}`);
  }

  /** From its dash up to the next one's. */
  #blockItem(list: YAMLSeq, index: number): Edit | null {
    const lineOf = (item: unknown) => this.#text.lastIndexOf("\n", startOf(item)) + 1;
    const start = lineOf(list.items[index]);
    const next = list.items[index + 1];
    if (next !== undefined) return { start, end: lineOf(next), text: "" };
    const [, end] = (list.items[index] as Node).range ?? [0, 0];
    const feed = this.#text.indexOf("\n", end);
    return { start, end: feed < 0 ? this.#text.length : feed + 1, text: "" };
  }

  /** As many spaces as stand before this place in its line; a dash counts as one. */
  #indent(offset: number): string {
    return " ".repeat(offset - this.#text.lastIndexOf("\n", offset) - 1);
  }
}

export function applyEdit(text: string, { start, end, text: put }: Edit): string {
  return text.slice(0, start) + put + text.slice(end);
}

function flowItem(list: YAMLSeq, index: number): Edit {
  const [item, next, before] = [list.items[index], list.items[index + 1], list.items[index - 1]];
  if (next !== undefined) return { start: startOf(item), end: startOf(next), text: "" };
  return { start: endOf(before), end: endOf(item), text: "" };
}

function idOf(grant: unknown, index: number, route: string): string {
  const id = isMap(grant) ? grant.get("id") : undefined;
  return typeof id === "string" ? id : `${route}/${index}`;
}

function replace(node: Node, text: string): Edit | null {
  if (!(isScalar(node) || isSeq(node)) || !node.range) return null;
  return { start: node.range[0], end: node.range[1], text };
}

function insert(at: number, text: string): Edit {
  return { start: at, end: at, text };
}

function startOf(item: unknown): number {
  return (item as Node).range?.[0] ?? 0;
}

function endOf(item: unknown): number {
  return (item as Node).range?.[1] ?? 0;
}
