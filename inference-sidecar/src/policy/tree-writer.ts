import { NONE } from "./blob-layout.ts";
import type { BlobWriter, Run } from "./blob-writer.ts";
import type { RouteTree, TreeNode } from "./route-tree.ts";

/** Writes hosts and nodes; gives the node of any host, or NONE. */
export function writeTree(writer: BlobWriter, tree: RouteTree): number {
  const hosts = [...tree.roots.keys()].filter((host) => host !== "").sort(byBytes);
  const roots = new Map<TreeNode, number>();
  for (const [host, root] of [
    ["", tree.roots.get("")] as const,
    ...hosts.map((h) => [h, tree.roots.get(h)] as const),
  ]) {
    if (!root) continue;
    roots.set(root, roots.size);
    if (host.startsWith("*")) writer.add("suffixHosts", writer.string(host.slice(1)), roots.size - 1);
    else if (host !== "") writer.add("exactHosts", writer.string(host), roots.size - 1);
  }
  writeNodes(writer, [...roots.keys()]);
  return tree.roots.has("") ? 0 : NONE;
}

/** Breadth first, so that each node stands before its children. */
function writeNodes(writer: BlobWriter, queue: TreeNode[]): void {
  for (const node of queue) {
    const literals = [...node.literals].sort(([a], [b]) => byBytes(a, b));
    const edges: Run = [writer.count("edges"), literals.length];
    for (const [text, child] of literals) writer.add("edges", writer.string(text), queue.push(child) - 1);
    const parameter = node.parameter ? queue.push(node.parameter) - 1 : NONE;
    const ends = writeEntries(writer, node.ends.routes);
    const rests = writeEntries(writer, node.rests.routes);
    writer.add("nodes", node.lowest, ...edges, parameter, ...ends, ...rests);
  }
}

function writeEntries(writer: BlobWriter, routes: readonly number[]): Run {
  const start = writer.count("entries");
  for (const route of routes) writer.add("entries", route);
  return [start, routes.length];
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
