/** Of all that is held: bodies are among the evidence. */
const BYTES_MOST: i32 = 1024 * 1024;

/** A record that waits for more to be known. */
export abstract class HeldRecord {
  /** Where it is held; negative: it is not. */
  place: i32 = -1;

  /** Bytes that it keeps, roughly. */
  abstract get weight(): i32;

  /** As it is. It is held no longer. */
  abstract submit(): void;
}

/** Records that wait, each until it is taken out or all are submitted. */
export class HeldRecords {
  private readonly held: HeldRecord[] = [];
  private bytes: i32 = 0;

  add(record: HeldRecord): void {
    record.place = this.held.length;
    this.held.push(record);
    this.bytes += record.weight;
    if (this.bytes > BYTES_MOST) this.submit();
  }

  /** False: it was not held. */
  remove(record: HeldRecord): bool {
    const place = record.place;
    if (place < 0) return false;
    const last = this.held.pop();
    if (last !== record) {
      last.place = place;
      this.held[place] = last;
    }
    record.place = -1;
    this.bytes -= record.weight;
    return true;
  }

  submit(): void {
    while (this.held.length > 0) {
      const record = this.held.pop();
      record.place = -1;
      record.submit();
    }
    this.bytes = 0;
  }
}
