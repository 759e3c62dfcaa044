import { equal } from "proxy-wasm-as/bytes";
import { JsonReader, JsonToken } from "../encoding/json";
import { unescapeJson } from "../encoding/json-scan";
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

  /** The claim's text, unescaped; empty: there is none, or it is no text. */
  text(name: Uint8Array): Uint8Array {
    const index = this.indexOf(name);
    if (index < 0 || unchecked(this.tokens[index]) != JsonToken.String) return this.payload.subarray(0, 0);
    const raw = this.payload.subarray(unchecked(this.starts[index]), unchecked(this.ends[index]));
    return unchecked(this.escaped[index]) ? unescapeJson(raw) : raw;
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
