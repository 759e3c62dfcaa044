import type { PathPattern } from "./path-pattern.ts";
import { METHODS, type Method } from "./policy.ts";

/** A node of the tree over path segments. Routes are named by index; methods are sets of bits. */
export interface TreeNode {
  readonly literals: Map<string, TreeNode>;
  parameter: TreeNode | null;
  /** Routes whose pattern ends here. */
  readonly ends: Entries;
  /** Routes whose pattern covers everything from here on. */
  readonly rests: Entries;
  /** Lowest route index at this node or below. */
  lowest: number;
}

interface Entries {
  readonly routes: number[];
  /** Methods that these routes take between them. */
  methods: number;
}

/** Root nodes by host pattern; "" is any host. */
export class RouteTree {
  readonly roots = new Map<string, TreeNode>();

  /** To be called in the order of the routes. An entry that earlier ones leave nothing to is left out. */
  add(route: number, hosts: readonly string[], methods: number, pattern: PathPattern): void {
    for (const host of hosts.length > 0 ? hosts : [""]) {
      const root = this.roots.get(host) ?? emptyNode();
      this.roots.set(host, root);
      const entries = entriesFor(root, pattern, route);
      if ((methods & ~entries.methods) === 0) continue;
      entries.methods |= methods;
      entries.routes.push(route);
    }
  }

  /** Most nodes that a match can visit: for each set of host patterns that one name fits, the sum over their trees. */
  worstCaseVisits(): number {
    const bounds = new Map([...this.roots].map(([host, root]) => [host, visits(root)]));
    let worst = 0;
    for (const host of bounds.keys()) {
      let sum = 0;
      for (const pattern of new Set([host, ...suffixPatterns(host), ""])) sum += bounds.get(pattern) ?? 0;
      worst = Math.max(worst, sum);
    }
    return worst;
  }
}

/** A set of methods, each a bit. */
export function methodBits(methods: readonly Method[]): number {
  return methods.reduce((bits, method) => bits | (1 << METHODS.indexOf(method)), 0);
}

/** The wildcards that fit every name which `host` fits, but for `host` itself. */
export function suffixPatterns(host: string): string[] {
  const labels = host.replace(/^\*\./, "").split(".");
  return labels.map((_, index) => `*.${labels.slice(index).join(".")}`).slice(host.startsWith("*.") ? 0 : 1);
}

function entriesFor(root: TreeNode, pattern: PathPattern, route: number): Entries {
  let node = root;
  node.lowest = Math.min(node.lowest, route);
  for (const segment of pattern.segments) {
    node = segment.kind === "literal" ? literalChild(node, segment.text) : parameterChild(node);
    node.lowest = Math.min(node.lowest, route);
  }
  return pattern.rest ? node.rests : node.ends;
}

function literalChild(node: TreeNode, text: string): TreeNode {
  const child = node.literals.get(text) ?? emptyNode();
  node.literals.set(text, child);
  return child;
}

function parameterChild(node: TreeNode): TreeNode {
  node.parameter ??= emptyNode();
  return node.parameter;
}

function emptyNode(): TreeNode {
  const entries = () => ({ routes: [], methods: 0 });
  return { literals: new Map(), parameter: null, ends: entries(), rests: entries(), lowest: 0xffffffff };
}

/** At each node a path goes on with at most one literal and with the parameter. Depth is bounded by the pattern's. */
function visits(node: TreeNode): number {
  let literal = 0;
  for (const child of node.literals.values()) literal = Math.max(literal, visits(child));
  return 1 + literal + (node.parameter ? visits(node.parameter) : 0);
}
