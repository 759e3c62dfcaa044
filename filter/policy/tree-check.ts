import { isString } from "./blob-bounds";
import {
  ANY_HOST_OFFSET,
  MAXIMUM_DEPTH,
  MAXIMUM_ENTRIES,
  NONE,
  SECTION_EDGES,
  SECTION_ENTRIES,
  SECTION_EXACT_HOSTS,
  SECTION_NODES,
  SECTION_ROUTES,
  SECTION_SUFFIX_HOSTS,
} from "./blob-layout";
import { PolicyBlob } from "./policy-blob";

/**
 * Whether the route tables are trees, one a host pattern: each node has one parent, which stands before it, and no path
 * is deeper than `MAXIMUM_DEPTH`. `matchRoute` relies on it to end, and on its stack being deep enough.
 */
export function treeIsSound(blob: PolicyBlob): bool {
  for (let i = 0, count = blob.sectionCount(SECTION_ENTRIES); i < count; i++) {
    if (load<u32>(blob.record(SECTION_ENTRIES, i)) >= <u32>blob.sectionCount(SECTION_ROUTES)) return false;
  }
  const nodes = blob.sectionCount(SECTION_NODES);
  // Depth of each node from 1; 0: no parent seen yet.
  const depths = new Uint8Array(nodes);
  const anyHost = blob.word(ANY_HOST_OFFSET);
  if (anyHost != NONE && !claim(depths, anyHost, 1)) return false;
  if (!claimRoots(blob, SECTION_EXACT_HOSTS, depths) || !claimRoots(blob, SECTION_SUFFIX_HOSTS, depths)) return false;
  for (let node = 0; node < nodes; node++) if (!nodeIsSound(blob, node, depths)) return false;
  return true;
}

function claimRoots(blob: PolicyBlob, section: i32, depths: Uint8Array): bool {
  for (let i = 0, count = blob.sectionCount(section); i < count; i++) {
    const record = blob.record(section, i);
    if (!isString(blob, load<u32>(record)) || !claim(depths, load<u32>(record, 4), 1)) return false;
  }
  return true;
}

function nodeIsSound(blob: PolicyBlob, node: u32, depths: Uint8Array): bool {
  const depth = unchecked(depths[node]);
  if (depth == 0 || depth > MAXIMUM_DEPTH) return false;
  const record = blob.record(SECTION_NODES, node);
  const literals = load<u32>(record, 4);
  const count = load<u32>(record, 8);
  if (<u64>literals + count > <u64>blob.sectionCount(SECTION_EDGES)) return false;
  for (let i: u32 = 0; i < count; i++) {
    const edge = blob.record(SECTION_EDGES, literals + i);
    const child = load<u32>(edge, 4);
    if (!isString(blob, load<u32>(edge)) || child <= node || !claim(depths, child, depth + 1)) return false;
  }
  const parameter = load<u32>(record, 12);
  if (parameter != NONE && (parameter <= node || !claim(depths, parameter, depth + 1))) return false;
  return entriesAreSound(blob, record + 16) && entriesAreSound(blob, record + 24);
}

function entriesAreSound(blob: PolicyBlob, run: usize): bool {
  const count = load<u32>(run, 4);
  return count <= MAXIMUM_ENTRIES && <u64>load<u32>(run) + count <= <u64>blob.sectionCount(SECTION_ENTRIES);
}

function claim(depths: Uint8Array, node: u32, depth: u8): bool {
  if (node >= <u32>depths.length || unchecked(depths[node]) != 0) return false;
  unchecked((depths[node] = depth));
  return true;
}
