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
  const first = token.indexOf(DOT);
  if (first <= 0) return null;
  const second = token.indexOf(DOT, first + 1);
  if (second <= first + 1 || token.indexOf(DOT, second + 1) >= 0) return null;
  return new CompactJws(
    token.subarray(0, first),
    token.subarray(first + 1, second),
    token.subarray(second + 1),
    token.subarray(0, second),
  );
}
