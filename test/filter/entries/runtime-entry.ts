/** What lives: buffers, in lists of lists, so that the collector has a graph to walk. */
let shelves: Uint8Array[][] = [];

export function reset(count: i32): void {
  shelves = [];
  for (let i = 0; i < count; i++) shelves.push([]);
}

/** Puts a buffer of `size` bytes, all of them `fill`, on a shelf. */
export function put(shelf: i32, size: i32, fill: i32): void {
  const buffer = new Uint8Array(size);
  for (let i = 0; i < size; i++) if (buffer[i] != 0) unreachable();
  buffer.fill(<u8>fill);
  shelves[shelf].push(buffer);
}

/** Takes the newest buffer off a shelf. */
export function drop(shelf: i32): void {
  if (shelves[shelf].length > 0) shelves[shelf].pop();
}

/** A whole shelf is forgotten, and what stood on it. */
export function clear(shelf: i32): void {
  shelves[shelf] = [];
}

/** The fill of each buffer on a shelf; -1 in place of one that is not whole. */
export function look(shelf: i32, index: i32): i32 {
  const buffer = shelves[shelf][index];
  for (let i = 1; i < buffer.length; i++) if (buffer[i] != buffer[0]) return -1;
  return buffer.length == 0 ? 0 : buffer[0];
}

export function sizeOf(shelf: i32, index: i32): i32 {
  return shelves[shelf][index].length;
}

export function countOf(shelf: i32): i32 {
  return shelves[shelf].length;
}

/** Makes garbage of many sizes. */
export function litter(count: i32): void {
  for (let i = 0; i < count; i++) new Uint8Array((i * 37) % 3000);
}

/** Appends so many numbers to one list, which moves as it grows; their sum. */
export function grow(count: i32): i32 {
  const list: i32[] = [];
  for (let i = 0; i < count; i++) list.push(i);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += list[i];
  return sum;
}

export function collect(): void {
  __collect();
}

export function pages(): i32 {
  return memory.size();
}
