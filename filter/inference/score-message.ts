import { ProtobufReader, ProtobufWriter } from "../encoding/protobuf";
import { Suspect } from "../suspects";

const MILLION: u64 = 1_000_000;
const LAST_CLASS: u64 = 13;

/** `postern.v1.ScoreRequest`. */
export function encodeScoreRequest(suspects: Suspect[], bundleDigest: Uint8Array): Uint8Array {
  const writer = new ProtobufWriter(512);
  writer.bytes(1, bundleDigest);
  const edges = new Uint8Array(suspects.length);
  for (let i = 0; i < suspects.length; i++) {
    writer.element(2, suspects[i].window);
    edges[i] = suspects[i].edges;
  }
  // Packed: each is a varint of one byte.
  writer.bytes(3, edges);
  return writer.finish();
}

/** `postern.v1.ScoreResponse`: as many scores as windows were sent, each in its range; else `valid` is false. */
export class ScoreResponse {
  readonly millionths: StaticArray<u32>;
  readonly classes: StaticArray<u32>;
  readonly valid: bool;

  constructor(message: Uint8Array, expected: i32) {
    this.millionths = new StaticArray<u32>(expected);
    this.classes = new StaticArray<u32>(expected);
    const reader = new ProtobufReader(message);
    let count = 0;
    let inRange = true;
    for (let field = reader.next(); field != 0; field = reader.next()) {
      if (field != 1) continue;
      if (count < expected) inRange = this.take(count, reader.content) && inRange;
      count++;
    }
    this.valid = inRange && !reader.malformed && count == expected;
  }

  private take(index: i32, message: Uint8Array): bool {
    const reader = new ProtobufReader(message);
    let millionths: u64 = 0;
    let attackClass: u64 = 0;
    for (let field = reader.next(); field != 0; field = reader.next()) {
      if (field == 1) millionths = reader.value;
      else if (field == 2) attackClass = reader.value;
    }
    if (reader.malformed || millionths > MILLION || attackClass > LAST_CLASS) return false;
    this.millionths[index] = <u32>millionths;
    this.classes[index] = <u32>attackClass;
    return true;
  }
}
