/** A bounded copy of a body that streams on while it is read (`observe` and `detect` hold nothing back). */
export class BodyCopy {
  private chunks: Uint8Array[] = [];
  private length: i32 = 0;
  /** More came than was kept. */
  overflowed: bool = false;

  constructor(private readonly limit: i32) {}

  /** How many more bytes would be kept. */
  get room(): i32 {
    return this.limit - this.length;
  }

  add(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
  }

  joined(): Uint8Array {
    if (this.chunks.length == 1) return this.chunks[0];
    const body = new Uint8Array(this.length);
    for (let i = 0, at = 0; i < this.chunks.length; at += this.chunks[i].length, i++) body.set(this.chunks[i], at);
    return body;
  }
}
