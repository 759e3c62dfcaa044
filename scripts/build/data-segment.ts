const HEADER = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
const DATA_SECTION = 11;
const DATA_COUNT_SECTION = 12;

interface Section {
  id: number;
  body: Uint8Array;
}

/**
 * Adds an active data segment for memory 0 at `offset` to a finished module (WebAssembly core specification 5.5).
 * A data section and a data count, where the module has them, are kept right; a missing data section is added.
 * @throws RangeError a module that is none, is cut off, or an offset outside 32 bits
 */
export function insertDataSegment(module: Uint8Array, offset: number, bytes: Uint8Array): Uint8Array {
  if (!Number.isInteger(offset) || offset < 0 || offset + bytes.length > 2 ** 32) {
    throw new RangeError(`a data segment of ${bytes.length} bytes can't lie at ${offset}`);
  }
  const sections = readSections(module);
  const segment = concatenate([
    Uint8Array.of(0x00, 0x41), // active, memory 0; i32.const
    signedLeb128(offset | 0),
    Uint8Array.of(0x0b), // end
    unsignedLeb128(bytes.length),
    bytes,
  ]);
  const data = sections.find((section) => section.id === DATA_SECTION);
  if (data) {
    const count = readUnsignedLeb128(data.body, 0);
    data.body = concatenate([unsignedLeb128(count.value + 1), data.body.subarray(count.next), segment]);
  } else {
    sections.splice(indexAfterCode(sections), 0, { id: DATA_SECTION, body: concatenate([Uint8Array.of(1), segment]) });
  }
  for (const section of sections) {
    if (section.id !== DATA_COUNT_SECTION) continue;
    section.body = unsignedLeb128(readUnsignedLeb128(section.body, 0).value + 1);
  }
  return concatenate([
    HEADER,
    ...sections.flatMap(({ id, body }) => [Uint8Array.of(id), unsignedLeb128(body.length), body]),
  ]);
}

function readSections(module: Uint8Array): Section[] {
  if (module.length < HEADER.length || HEADER.some((byte, index) => module[index] !== byte)) {
    throw new RangeError("not a WebAssembly module of version 1");
  }
  const sections: Section[] = [];
  let at = HEADER.length;
  while (at < module.length) {
    const id = module[at] as number;
    const size = readUnsignedLeb128(module, at + 1);
    const end = size.next + size.value;
    if (end > module.length) throw new RangeError(`section ${id} reaches past the module's end`);
    sections.push({ id, body: module.subarray(size.next, end) });
    at = end;
  }
  return sections;
}

/** The data section is the last but custom ones: it goes behind the last section that is none. */
function indexAfterCode(sections: Section[]): number {
  return sections.findLastIndex((section) => section.id !== 0) + 1;
}

function readUnsignedLeb128(bytes: Uint8Array, start: number): { value: number; next: number } {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: start + index + 1 };
  }
  throw new RangeError(`no LEB128 number at byte ${start}`);
}

function unsignedLeb128(value: number): Uint8Array {
  const bytes: number[] = [];
  do {
    const rest = Math.floor(value / 128);
    bytes.push((value % 128) | (rest > 0 ? 0x80 : 0));
    value = rest;
  } while (value > 0);
  return Uint8Array.from(bytes);
}

function signedLeb128(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const byte = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0);
    bytes.push(done ? byte : byte | 0x80);
    if (done) return Uint8Array.from(bytes);
  }
}

function concatenate(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
