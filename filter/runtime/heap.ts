// Where objects lie. Small ones lie in cells of one size, in blocks of 16 KiB; large ones in TLSF's memory, in a list.
//
// An object's header, as the compiler lays it out for static objects, too: u32 link of the collector, u32 mark, u32 class
// id, u32 size; the object follows. A block: u32 bytes of a cell, u32 cells, u32 next block, u32 reciprocal, u64[8]
// marks, cells. A cell is free where its mark was not set by the last collection and the cursor of its size has not passed it.

export const HEADER: usize = 16;
/** In the place of a large or static object's mark: the object's mark is in its block. */
const IN_BLOCK: u32 = 0xffffffff;

const BLOCK: usize = 16384;
const BLOCK_HEADER: usize = 96;
const MARKS: usize = 32;
const PAGE: usize = 65536;
const LARGEST_CELL: usize = 2048;
/** Before a large object's header: the object before it in the list. */
const LARGE_PREFIX: usize = 16;

/**
 * By class: 0 u64 free cells of the cursor's word · 8 u32 address of the word's first cell · 12 u32 bytes of a cell ·
 * 16 u32 the cursor's block · 20 u32 its next word · 24 u32 first block
 */
const SLOT: usize = 32;
const CLASSES: usize = 19;
const slots = memory.data(19 * 32, 16);
/** Class of a cell that holds so many times 16 bytes. */
const classOf = memory.data(129, 16);

let ready: bool = false;
let pool: usize = 0;
let largest: usize = 0;
let mark: u32 = 0;
/** Bytes handed out since the last collection, and bytes that it left alive. */
export let allocated: usize = 0;
export let alive: usize = 0;

/** An object's address; its bytes are not cleared. */
export function allocate(size: usize, id: u32): usize {
  if (size > LARGEST_CELL - HEADER) return allocateLarge(size, id);
  const slot = slots + <usize>load<u8>(classOf + ((size + HEADER + 15) >> 4)) * SLOT;
  const free = load<u64>(slot);
  if (free == 0) return allocateBehind(slot, size, id);
  store<u64>(slot, free & (free - 1));
  const object = load<usize>(slot, 8) + <usize>ctz(free) * load<usize>(slot, 12);
  store<u64>(object, (<u64>IN_BLOCK) << 32);
  store<u64>(object, ((<u64>size) << 32) | id, 8);
  return object + HEADER;
}

/** Bytes that the object at `address` can grow to where it lies; 0: a static or large one, which can't. */
export function capacityOf(address: usize): usize {
  if (address < __heap_base || load<u32>(address - HEADER, 4) != IN_BLOCK) return 0;
  return load<usize>((address - HEADER) & ~(BLOCK - 1)) - HEADER;
}

/** Begins a collection: nothing is marked. */
export function clearMarks(): void {
  mark = mark + 1 == IN_BLOCK ? 1 : mark + 1;
  for (let slot = slots; slot < slots + CLASSES * SLOT; slot += SLOT) {
    for (let block = load<usize>(slot, 24); block != 0; block = load<usize>(block, 8)) {
      memory.fill(block + MARKS, 0, BLOCK_HEADER - MARKS);
    }
  }
}

/** Marks an object by the address of its header. False: it was marked. */
export function setMark(object: usize): bool {
  const own = load<u32>(object, 4);
  if (own == mark) return false;
  if (own != IN_BLOCK) {
    store<u32>(object, mark, 4);
    return true;
  }
  const block = object & ~(BLOCK - 1);
  const cell = (((object - block - BLOCK_HEADER) >> 4) * load<usize>(block, 12)) >> 16;
  const word = block + MARKS + ((cell >> 6) << 3);
  const marks = load<u64>(word);
  const bit = (<u64>1) << (<u64>(cell & 63));
  if ((marks & bit) != 0) return false;
  store<u64>(word, marks | bit);
  return true;
}

/** Ends a collection: what is not marked is free. */
export function sweep(): void {
  alive = 0;
  allocated = 0;
  for (let slot = slots; slot < slots + CLASSES * SLOT; slot += SLOT) sweepBlocks(slot);
  sweepLarge();
}

function allocateBehind(slot: usize, size: usize, id: u32): usize {
  if (!ready) {
    makeClasses();
  } else if (!advance(slot)) {
    const block = takeBlock();
    initialise(block, load<usize>(slot, 12));
    const last = load<usize>(slot, 16);
    if (last == 0) store<usize>(slot, block, 24);
    else store<usize>(last, block, 8);
    store<usize>(slot, block, 16);
    store<usize>(slot, 0, 20);
    advance(slot);
  }
  return allocate(size, id);
}

/** Moves the cursor to the next word that has free cells; false: no block has any more. */
function advance(slot: usize): bool {
  let block = load<usize>(slot, 16);
  let word = load<usize>(slot, 20);
  const size = load<usize>(slot, 12);
  while (block != 0) {
    const cells = load<usize>(block, 4);
    for (; word << 6 < cells; word++) {
      const left = cells - (word << 6);
      const within: u64 = left >= 64 ? u64.MAX_VALUE : ((<u64>1) << (<u64>left)) - 1;
      const free = ~load<u64>(block + MARKS + (word << 3)) & within;
      if (free == 0) continue;
      store<u64>(slot, free);
      store<usize>(slot, block + BLOCK_HEADER + (word << 6) * size, 8);
      store<usize>(slot, block, 16);
      store<usize>(slot, word + 1, 20);
      allocated += <usize>popcnt(free) * size;
      return true;
    }
    store<usize>(slot, block, 16);
    store<usize>(slot, word, 20);
    block = load<usize>(block, 8);
    word = 0;
  }
  return false;
}

function takeBlock(): usize {
  if (pool == 0) {
    const page = memory.grow(1);
    if (page < 0) unreachable();
    for (let block = ((<usize>page) << 16) + PAGE; block > (<usize>page) << 16; ) {
      block -= BLOCK;
      store<usize>(block, pool, 8);
      pool = block;
    }
  }
  const block = pool;
  pool = load<usize>(block, 8);
  return block;
}

function initialise(block: usize, size: usize): void {
  memory.fill(block, 0, BLOCK_HEADER);
  store<usize>(block, size);
  store<usize>(block, (BLOCK - BLOCK_HEADER) / size, 4);
  // Rounded up: exact for every cell, as a block has at most 1,024 times 16 bytes.
  const units = size >> 4;
  store<usize>(block, (65536 + units - 1) / units, 12);
}

/** Every multiple of 16 from 32 to 112 bytes, then four sizes to a doubling, from 512 on two. */
function makeClasses(): void {
  ready = true;
  // TLSF takes all memory that there is when it begins: it must not find this heap's pages.
  __free(__alloc(16));
  let index: usize = 0;
  let units: usize = 2;
  let covered: usize = 0;
  while (units <= LARGEST_CELL >> 4) {
    store<usize>(slots + index * SLOT, units << 4, 12);
    for (; covered <= units; covered++) store<u8>(classOf + covered, <u8>index);
    index++;
    units += units < 8 ? 1 : units < 16 ? 2 : units < 32 ? 4 : units < 64 ? 16 : 32;
  }
}

/** Blocks without a live object go back to the pool, whatever size it needs them for next. */
function sweepBlocks(slot: usize): void {
  const size = load<usize>(slot, 12);
  let kept: usize = 0;
  for (let block = load<usize>(slot, 24); block != 0; ) {
    const next = load<usize>(block, 8);
    let live: usize = 0;
    for (let word = block + MARKS; word < block + BLOCK_HEADER; word += 8) live += <usize>popcnt(load<u64>(word));
    if (live == 0) {
      store<usize>(block, pool, 8);
      pool = block;
    } else {
      store<usize>(block, kept, 8);
      kept = block;
      alive += live * size;
    }
    block = next;
  }
  store<u64>(slot, 0);
  store<usize>(slot, kept, 16);
  store<usize>(slot, 0, 20);
  store<usize>(slot, kept, 24);
}

function allocateLarge(size: usize, id: u32): usize {
  const start = __alloc(LARGE_PREFIX + HEADER + size);
  store<usize>(start, largest);
  largest = start;
  allocated += size;
  const object = start + LARGE_PREFIX;
  store<u64>(object, 0);
  store<u64>(object, ((<u64>size) << 32) | id, 8);
  return object + HEADER;
}

function sweepLarge(): void {
  let kept: usize = 0;
  for (let start = largest; start != 0; ) {
    const next = load<usize>(start);
    if (load<u32>(start + LARGE_PREFIX, 4) == mark) {
      store<usize>(start, kept);
      kept = start;
      alive += load<usize>(start + LARGE_PREFIX, 12);
    } else {
      __free(start);
    }
    start = next;
  }
  largest = kept;
}
