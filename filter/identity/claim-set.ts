import { equal } from "proxy-wasm-as/bytes";
import { JsonReader, JsonToken } from "../encoding/json";
import { VALUE_PREFIX } from "../policy/blob-layout";
import { isValue } from "./claim-value";

/** The top-level members of a verified claims set, found once for as many questions as a policy has. */
export class ClaimSet {
  private names: Uint8Array[] = [];
  /** Kind of each value, and its range in `payload`: of a string without quotes, of an array with its brackets. */
  private tokens: JsonToken[] = [];
  private starts: i32[] = [];
  private ends: i32[] = [];
  private escaped: bool[] = [];
  private indexed: bool = false;

  constructor(
    /** A JSON object without duplicate members, or empty: no token was verified. */
    public readonly payload: Uint8Array,
  ) {}

  /** Index of the claim, compared after unescaping; -1: there is none. */
  indexOf(name: Uint8Array): i32 {
    if (!this.indexed) this.index();
    for (let i = 0; i < this.names.length; i++) if (equal(unchecked(this.names[i]), name)) return i;
    return -1;
  }

  /**
   * Whether the claim at `index` fits a value of the policy (`VALUE_…`), or is an array with an element that equals it or
   * begins with it. A bound holds for a number only, not for the elements of an array.
   */
  fits(index: i32, kind: u32, text: Uint8Array): bool {
    const token = unchecked(this.tokens[index]);
    const value = this.payload.subarray(unchecked(this.starts[index]), unchecked(this.ends[index]));
    if (token == JsonToken.BeginArray) return anyElement(value, kind, text);
    return isValue(token, value, unchecked(this.escaped[index]), kind, text);
  }

  isArray(index: i32): bool {
    return unchecked(this.tokens[index]) == JsonToken.BeginArray;
  }

  /** The claim as it stands in the token, JSON; empty: there is none. */
  raw(name: Uint8Array): Uint8Array {
    const index = this.indexOf(name);
    if (index < 0) return this.payload.subarray(0, 0);
    const quote = unchecked(this.tokens[index]) == JsonToken.String ? 1 : 0;
    return this.payload.subarray(unchecked(this.starts[index]) - quote, unchecked(this.ends[index]) + quote);
  }

  /** Texts, numbers and truths of the claim: its own, or those of its elements where it is an array; text is unescaped. */
  scalars(name: Uint8Array): Uint8Array[] {
    const found: Uint8Array[] = [];
    const json = this.raw(name);
    const reader = new JsonReader(json);
    for (let token = reader.next(); token != JsonToken.End && token != JsonToken.Error; token = reader.next()) {
      if (token == JsonToken.BeginObject || reader.depth > 1) return [];
      if (token == JsonToken.String || token == JsonToken.Number || isTruth(token)) found.push(reader.text());
    }
    return found;
  }

  private index(): void {
    this.indexed = true;
    const reader = new JsonReader(this.payload);
    if (reader.next() != JsonToken.BeginObject) return;
    while (reader.next() == JsonToken.Name) {
      const name = reader.text();
      const token = reader.next();
      const start = reader.start;
      const escaped = reader.escaped;
      const open = token == JsonToken.BeginArray || token == JsonToken.BeginObject;
      if (open && !reader.close()) return;
      this.names.push(name);
      this.tokens.push(token);
      this.starts.push(start);
      this.ends.push(reader.end);
      this.escaped.push(escaped);
    }
  }
}

function isTruth(token: JsonToken): bool {
  return token == JsonToken.True || token == JsonToken.False;
}

/** Elements that are arrays or objects themselves fit nothing. */
function anyElement(array: Uint8Array, kind: u32, text: Uint8Array): bool {
  const reader = new JsonReader(array);
  reader.next();
  while (true) {
    const token = reader.next();
    if (token == JsonToken.Error || token == JsonToken.End || reader.depth < 1) return false;
    if (reader.depth != 1 || kind > VALUE_PREFIX) continue;
    if (isValue(token, array.subarray(reader.start, reader.end), reader.escaped, kind, text)) return true;
  }
}
