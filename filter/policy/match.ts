import {
  ANY_HOST_OFFSET,
  NONE,
  SECTION_EDGES,
  SECTION_ENTRIES,
  SECTION_EXACT_HOSTS,
  SECTION_NODES,
  SECTION_ROUTES,
  SECTION_SUFFIX_HOSTS,
} from "./blob-layout";
import { CompiledPolicy } from "./compiled-policy";
import { foldedHost, foldHost } from "./host";
import { methodBit } from "./method";
import { PolicyBlob } from "./policy-blob";

export const NO_ROUTE: i32 = -1;
/** A route has this host and path, none of them this method. */
export const METHOD_NOT_ALLOWED: i32 = -2;

// The compiler refuses a policy that could need more visits for one request.
const MAXIMUM_VISITS: i32 = 4096;
const STACK_DEPTH: i32 = 256;

// The walk under way. A position is where the `/` before the next segment stands; past the end: the path is consumed.
const stackNodes = new StaticArray<u32>(STACK_DEPTH);
const stackPositions = new StaticArray<i32>(STACK_DEPTH);
let stackSize: i32 = 0;
let visitsLeft: i32 = 0;
let bestRoute: u32 = NONE;
let pathMatched: bool = false;

/**
 * Index of the first route of the policy whose host, method and path match, else `NO_ROUTE` or `METHOD_NOT_ALLOWED`.
 * @param host `:authority` as received: case and port do not count
 * @param path without its query, raw bytes as received
 */
export function matchRoute(policy: CompiledPolicy, host: Uint8Array, method: Uint8Array, path: Uint8Array): i32 {
  if (path.length == 0 || load<u8>(path.dataStart) != 0x2f) return NO_ROUTE;
  const blob = policy.blob;
  const bit = methodBit(method);
  bestRoute = NONE;
  pathMatched = false;
  visitsLeft = MAXIMUM_VISITS;
  const length = foldHost(host);
  // It could be below a host of the policy: a route for any host must not take it in that one's place.
  if (length < 0) return NO_ROUTE;
  if (length > 0) {
    walk(blob, findHost(blob, SECTION_EXACT_HOSTS, foldedHost, length), bit, path);
    if (blob.sectionCount(SECTION_SUFFIX_HOSTS) > 0) {
      for (let dot = 1; dot < length - 1; dot++) {
        if (load<u8>(foldedHost + dot) != 0x2e) continue;
        walk(blob, findHost(blob, SECTION_SUFFIX_HOSTS, foldedHost + dot, length - dot), bit, path);
      }
    }
  }
  walk(blob, blob.word(ANY_HOST_OFFSET), bit, path);
  if (visitsLeft < 0) return NO_ROUTE;
  if (bestRoute != NONE) return <i32>bestRoute;
  return pathMatched ? METHOD_NOT_ALLOWED : NO_ROUTE;
}

/** Depth first over the tree below `root`, leaving out what can't hold a route before `bestRoute`. */
function walk(blob: PolicyBlob, root: u32, bit: u32, path: Uint8Array): void {
  stackSize = 0;
  push(blob, root, 0);
  while (stackSize > 0) {
    stackSize--;
    const node = unchecked(stackNodes[stackSize]);
    const position = unchecked(stackPositions[stackSize]);
    const record = blob.record(SECTION_NODES, node);
    if (load<u32>(record) >= bestRoute) continue;
    if (--visitsLeft < 0) return;
    takeEntries(blob, load<u32>(record, 24), load<u32>(record, 28), bit);
    if (position >= path.length) {
      takeEntries(blob, load<u32>(record, 16), load<u32>(record, 20), bit);
      continue;
    }
    const start = position + 1;
    const end = segmentEnd(path, start);
    if (end > start) push(blob, load<u32>(record, 12), end);
    push(blob, findLiteral(blob, record, path.dataStart + start, end - start), end);
  }
}

function push(blob: PolicyBlob, node: u32, position: i32): void {
  if (node == NONE || stackSize >= STACK_DEPTH) return;
  unchecked((stackNodes[stackSize] = node));
  unchecked((stackPositions[stackSize] = position));
  stackSize++;
}

function takeEntries(blob: PolicyBlob, start: u32, count: u32, bit: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const route = load<u32>(blob.record(SECTION_ENTRIES, start + i));
    if (route >= bestRoute) return;
    pathMatched = true;
    if ((load<u32>(blob.record(SECTION_ROUTES, route), 8) & bit) == 0) continue;
    bestRoute = route;
    return;
  }
}

function segmentEnd(path: Uint8Array, start: i32): i32 {
  let end = start;
  while (end < path.length && load<u8>(path.dataStart + end) != 0x2f) end++;
  return end;
}

function findLiteral(blob: PolicyBlob, node: usize, segment: usize, length: i32): u32 {
  return search(blob, SECTION_EDGES, load<u32>(node, 4), load<u32>(node, 8), segment, length);
}

function findHost(blob: PolicyBlob, section: i32, host: usize, length: i32): u32 {
  return search(blob, section, 0, blob.sectionCount(section), host, length);
}

/** Binary search among records of (string, node) that are sorted by the string's bytes. */
function search(blob: PolicyBlob, section: i32, start: u32, count: u32, key: usize, length: i32): u32 {
  let low = start;
  let high = start + count;
  while (low < high) {
    const middle = low + ((high - low) >> 1);
    const record = blob.record(section, middle);
    const order = compare(blob, load<u32>(record), key, length);
    if (order == 0) return load<u32>(record, 4);
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return NONE;
}

function compare(blob: PolicyBlob, text: u32, key: usize, length: i32): i32 {
  const textLength = blob.stringLength(text);
  const order = memory.compare(blob.stringAddress(text), key, min(textLength, length));
  return order != 0 ? order : textLength - length;
}
