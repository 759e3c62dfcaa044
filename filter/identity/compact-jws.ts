import { findByte } from "../encoding/find-byte";

const DOT: u8 = 0x2e;

/** The three parts of a JWS in compact serialisation (RFC 7515 section 7.1), still in base64url; views of the token. */
export class CompactJws {
  constructor(
    public readonly header: Uint8Array,
    public readonly payload: Uint8Array,
    /** May be empty, as for an unsecured token: the header's check comes first. */
    public readonly signature: Uint8Array,
    /** Header and payload with the dot between: what is signed. */
    public readonly signingInput: Uint8Array,
  ) {}
}

/** null: not exactly three parts, or an empty header or payload. */
export function splitCompactJws(token: Uint8Array): CompactJws | null {
  const end = token.length;
  const first = findByte(token, 0, end, DOT);
  const second = findByte(token, first + 1, end, DOT);
  if (first == 0 || second == end || second == first + 1) return null;
  if (findByte(token, second + 1, end, DOT) < end) return null;
  return new CompactJws(
    token.subarray(0, first),
    token.subarray(first + 1, second),
    token.subarray(second + 1),
    token.subarray(0, second),
  );
}
