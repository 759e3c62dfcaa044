import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { instantiate } from "@assemblyscript/loader";
import { insertDataSegment } from "../../scripts/build/data-segment.ts";

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** A memory of 10 pages, exported as "memory". */
const MEMORY = [0x05, 0x03, 0x01, 0x00, 0x0a, 0x07, 0x0a, 0x01, 0x06, ...Buffer.from("memory"), 0x02, 0x00];
/** One active segment: "hi" at 8. */
const DATA = [0x0b, 0x08, 0x01, 0x00, 0x41, 0x08, 0x0b, 0x02, 0x68, 0x69];
const CUSTOM = [0x00, 0x03, 0x01, 0x78, 0x2a];

async function memoryOf(module: Uint8Array): Promise<Uint8Array> {
  const { exports } = await instantiate<{ memory: { buffer: ArrayBuffer } } & Record<string, unknown>>(module);
  return new Uint8Array(exports.memory.buffer);
}

describe("insertDataSegment", () => {
  const large = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251);

  it("adds a data section where there is none", async () => {
    const memory = await memoryOf(insertDataSegment(Uint8Array.from([...HEADER, ...MEMORY]), 1024, large));
    assert.deepEqual(memory.subarray(1024, 1024 + large.length), large);
    assert.equal(memory[1023], 0);
    assert.equal(memory[1024 + large.length], 0);
  });

  it("keeps the segments that are there, the data count and custom sections", async () => {
    const count = [0x0c, 0x01, 0x01];
    const module = Uint8Array.from([...HEADER, ...MEMORY, ...count, ...DATA, ...CUSTOM]);
    const twice = insertDataSegment(insertDataSegment(module, 1024, large), 400_000, Uint8Array.of(1, 2, 3));
    const memory = await memoryOf(twice);
    assert.equal(Buffer.from(memory.subarray(8, 10)).toString(), "hi");
    assert.deepEqual(memory.subarray(1024, 1024 + large.length), large);
    assert.deepEqual([...memory.subarray(400_000, 400_004)], [1, 2, 3, 0]);
    assert.deepEqual([...twice.subarray(-CUSTOM.length)], CUSTOM);
  });

  it("puts a new data section before trailing custom ones", async () => {
    const module = Uint8Array.from([...HEADER, ...CUSTOM, ...MEMORY, ...CUSTOM]);
    const memory = await memoryOf(insertDataSegment(module, 65_535, Uint8Array.of(9)));
    assert.equal(memory[65_535], 9);
  });

  it("refuses what is no module, a cut-off one and an impossible offset", () => {
    const module = Uint8Array.from([...HEADER, ...MEMORY]);
    const bytes = Uint8Array.of(1);
    assert.throws(() => insertDataSegment(Uint8Array.of(), 0, bytes), /not a WebAssembly module/);
    assert.throws(() => insertDataSegment(Uint8Array.from([...HEADER.slice(0, 4), 2, 0, 0, 0]), 0, bytes), RangeError);
    assert.throws(() => insertDataSegment(module.subarray(0, module.length - 1), 0, bytes), /past the module's end/);
    assert.throws(() => insertDataSegment(Uint8Array.from([...HEADER, 0x05, 0x80]), 0, bytes), /LEB128/);
    assert.throws(() => insertDataSegment(module, -1, bytes), RangeError);
    assert.throws(() => insertDataSegment(module, 2 ** 32, bytes), RangeError);
    assert.throws(() => insertDataSegment(module, 0.5, bytes), RangeError);
  });
});
