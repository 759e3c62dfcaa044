// In the place of the compiler's `rt/tcms`: a mark-and-sweep collector that runs when it is told to, with no callback on
// the stack. `scripts/build/asc.mjs` puts it there and makes these functions global, as the compiler calls them.
import { alive, allocate, allocated, capacityOf, clearMarks, HEADER, setMark, sweep } from "./heap";

const LARGEST: usize = 1 << 30;
/** A collection looks at every live object, and drives what the host works with from the processor's cache. */
const LEAST_DEBT: usize = 1 << 21;

/** Marked objects whose members are not looked at yet, linked by their headers. */
let gray: usize = 0;
/** Addresses of pinned objects, one for each pin. */
let pins: usize = 0;
let pinCount: usize = 0;
let pinRoom: usize = 0;

export function __new(size: usize, id: i32): usize {
  if (size > LARGEST) unreachable();
  return allocate(size, id);
}

export function __renew(address: usize, size: usize): usize {
  if (size <= capacityOf(address)) {
    store<usize>(address - HEADER, size, 12);
    return address;
  }
  const moved = __new(size, load<u32>(address - HEADER, 8));
  memory.copy(moved, address, min<usize>(size, load<usize>(address - HEADER, 12)));
  return moved;
}

export function __link(_parent: usize, _child: usize, _multiple: bool): void {}

export function __visit(address: usize, _cookie: i32): void {
  if (address == 0 || !setMark(address - HEADER)) return;
  store<usize>(address - HEADER, gray);
  gray = address - HEADER;
}

export function __pin(address: usize): usize {
  if (address == 0) return 0;
  if (pinCount == pinRoom) {
    pinRoom = pinRoom == 0 ? 64 : pinRoom * 2;
    pins = pins == 0 ? __alloc(pinRoom * 4) : __realloc(pins, pinRoom * 4);
  }
  store<usize>(pins + pinCount * 4, address);
  pinCount++;
  return address;
}

export function __unpin(address: usize): void {
  for (let i = pinCount; i > 0; i--) {
    if (load<usize>(pins + (i - 1) * 4) != address) continue;
    pinCount--;
    store<usize>(pins + (i - 1) * 4, load<usize>(pins + pinCount * 4));
    return;
  }
}

export function __collect(): void {
  clearMarks();
  __visit_globals(0);
  for (let i: usize = 0; i < pinCount; i++) __visit(load<usize>(pins + i * 4), 0);
  while (gray != 0) {
    const object = gray;
    gray = load<usize>(object);
    __visit_members(object + HEADER, 0);
  }
  sweep();
}

/** Whether so much was allocated since the last collection that another one pays. */
export function __collectDue(): bool {
  return allocated > max(LEAST_DEBT, alive);
}
