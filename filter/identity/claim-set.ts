import { equal } from "proxy-wasm-as/bytes";
import { JsonReader, JsonToken } from "../encoding/json";
import { VALUE_PREFIX } from "../policy/blob-layout";
import { isValue } from "./claim-value";

/** One member of a claims set: the kind of its value, whose range in `payload` is without quotes, of an array with its brackets. */
class Member {
  constructor(
    public readonly name: Uint8Array,
    public readonly token: JsonToken,
    public readonly start: i32,
    public readonly end: i32,
    public readonly escaped: bool,
  ) {}
}

/** Of sets that are not asked: most policies ask nothing of claims, and the collector looks at all that is kept of a token. */
const NOT_INDEXED: Member[] = [];

/** The top-level members of a verified claims set, found once for as many questions as a policy has. */
export class ClaimSet {
  private members: Member[] = NOT_INDEXED;

  constructor(
    /** A JSON object without duplicate members, or empty: no token was verified. */
    public readonly payload: Uint8Array,
  ) {}

  /** Index of the claim, compared after unescaping; -1: there is none. */
  indexOf(name: Uint8Array): i32 {
    if (this.members === NOT_INDEXED) this.index();
    const members = this.members;
    for (let i = 0; i < members.length; i++) if (equal(unchecked(members[i]).name, name)) return i;
    return -1;
  }

  /**
   * Whether the claim at `index` fits a value of the policy (`VALUE_…`), or is an array with an element that equals it or
   * begins with it. A bound holds for a number only, not for the elements of an array.
   */
  fits(index: i32, kind: u32, text: Uint8Array): bool {
    const member = unchecked(this.members[index]);
    const value = this.payload.subarray(member.start, member.end);
    if (member.token == JsonToken.BeginArray) return anyElement(value, kind, text);
    return isValue(member.token, value, member.escaped, kind, text);
  }

  isArray(index: i32): bool {
    return unchecked(this.members[index]).token == JsonToken.BeginArray;
  }

  /** The claim as it stands in the token, JSON; empty: there is none. */
  raw(name: Uint8Array): Uint8Array {
    const index = this.indexOf(name);
    if (index < 0) return this.payload.subarray(0, 0);
    const member = unchecked(this.members[index]);
    const quote = member.token == JsonToken.String ? 1 : 0;
    return this.payload.subarray(member.start - quote, member.end + quote);
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
    const members: Member[] = [];
    this.members = members;
    const reader = new JsonReader(this.payload);
    if (reader.next() != JsonToken.BeginObject) return;
    while (reader.next() == JsonToken.Name) {
      const name = reader.text();
      const token = reader.next();
      const start = reader.start;
      const escaped = reader.escaped;
      const open = token == JsonToken.BeginArray || token == JsonToken.BeginObject;
      if (open && !reader.close()) return;
      members.push(new Member(name, token, start, reader.end, escaped));
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
