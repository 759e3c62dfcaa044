interface Known<Value> {
  readonly bytes: Buffer;
  readonly value: Value;
}

/** What bytes that came lately stand for: records have the same few again and again, and a value made anew is made, hashed and collected. */
export class RecentBytes<Value> {
  readonly #slots: (Known<Value> | null)[];
  readonly #bytesMost: number;

  /** @param bytesMost longer ones are not remembered */
  constructor(slots: number, bytesMost: number) {
    this.#slots = new Array(slots).fill(null);
    this.#bytesMost = bytesMost;
  }

  /** Where bytes of `message` are, or would be, remembered; negative: they are too long. */
  slotOf(message: Uint8Array, start: number, end: number): number {
    if (end - start > this.#bytesMost) return -1;
    // FNV-1a.
    let hash = 0x811c9dc5;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (message[at] as number), 0x01000193);
    return (hash >>> 0) % this.#slots.length;
  }

  /** undefined: not known. */
  find(slot: number, message: Uint8Array, start: number, end: number): Value | undefined {
    const known = this.#slots[slot] ?? null;
    if (known === null || known.bytes.length !== end - start) return undefined;
    for (let at = start; at < end; at++) if (known.bytes[at - start] !== message[at]) return undefined;
    return known.value;
  }

  /** In the place of what was in that slot. */
  remember(slot: number, message: Uint8Array, start: number, end: number, value: Value): void {
    if (slot >= 0) this.#slots[slot] = { bytes: Buffer.from(message.subarray(start, end)), value };
  }
}
