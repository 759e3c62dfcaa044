import { ProtobufReader, ProtobufWriter } from "../encoding/protobuf";
import { PROTOCOL, PROTOCOL_FIELD } from "../protocol";
import { ModelScore } from "../score-evidence";
import { Suspect } from "../suspects";

const MILLION: u64 = 1_000_000;
const LAST_CLASS: u64 = 13;
const MOST_MILLIBITS: u64 = 64_000;

/** `postern.v1.ScoreRequest`. */
export function encodeScoreRequest(suspects: Suspect[], bundleDigest: Uint8Array): Uint8Array {
  const writer = new ProtobufWriter(512);
  writer.bytes(1, bundleDigest);
  const edges = new Uint8Array(suspects.length);
  const kinds = new Uint8Array(suspects.length);
  for (let i = 0; i < suspects.length; i++) {
    writer.element(2, suspects[i].window);
    edges[i] = suspects[i].edges;
    kinds[i] = <u8>suspects[i].value.kind;
  }
  // Packed: each is a varint of one byte.
  writer.bytes(3, edges).bytes(4, kinds);
  return writer.uint(PROTOCOL_FIELD, PROTOCOL).finish();
}

/** `postern.v1.ScoreResponse`: as many scores as windows were sent, each in its range; else `valid` is false. */
export class ScoreResponse {
  readonly scores: ModelScore[] = [];
  readonly valid: bool;

  constructor(message: Uint8Array, expected: i32) {
    const reader = new ProtobufReader(message);
    let count = 0;
    for (let field = reader.next(); field != 0; field = reader.next()) {
      if (field != 1) continue;
      const score = count++ < expected ? decodeScore(reader.content) : null;
      if (score !== null) this.scores.push(score);
    }
    this.valid = !reader.malformed && count == expected && this.scores.length == expected;
  }
}

/** Null: malformed, or out of range. */
function decodeScore(message: Uint8Array): ModelScore | null {
  const reader = new ProtobufReader(message);
  let millionths: u64 = 0;
  let attackClass: u64 = 0;
  let surprisal: u64 = 0;
  let usual: u64 = 0;
  for (let field = reader.next(); field != 0; field = reader.next()) {
    if (field == 1) millionths = reader.value;
    else if (field == 2) attackClass = reader.value;
    else if (field == 3) surprisal = reader.value;
    else if (field == 4) usual = reader.value;
  }
  if (reader.malformed || millionths > MILLION || attackClass > LAST_CLASS) return null;
  if (surprisal > MOST_MILLIBITS || usual > MOST_MILLIBITS) return null;
  return new ModelScore(<u32>millionths, <u32>attackClass, <u32>surprisal, <u32>usual);
}
