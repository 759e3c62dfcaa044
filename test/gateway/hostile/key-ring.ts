import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A part of a token: an object, or its very text or bytes. */
export type Part = object | string | Uint8Array;
type Sign = (text: string) => Buffer;

const pss = (bits: number) => ({ padding: 6, saltLength: bits / 8 });

/** Keys of an issuer, one for each algorithm, and of somebody else. */
export class KeyRing {
  readonly rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly ed = generateKeyPairSync("ed25519");
  readonly ps = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly secret = "0123456789abcdef0123456789abcdef";

  /** The public keys. */
  jwks(): object {
    const jwk = ({ publicKey }: { publicKey: KeyObject }, alg: string) => ({
      ...publicKey.export({ format: "jwk" }),
      alg,
      kid: alg.toLowerCase(),
    });
    return { keys: [jwk(this.rsa, "RS256"), jwk(this.ec, "ES256"), jwk(this.ed, "EdDSA"), jwk(this.ps, "PS256")] };
  }

  /** How each algorithm is signed with this ring's keys. */
  readonly signers: Readonly<Record<string, Sign>> = {
    RS256: (text) => sign("sha256", Buffer.from(text), this.rsa.privateKey),
    ES256: (text) => sign("sha256", Buffer.from(text), { key: this.ec.privateKey, dsaEncoding: "ieee-p1363" }),
    EdDSA: (text) => sign(null, Buffer.from(text), this.ed.privateKey),
    PS256: (text) => sign("sha256", Buffer.from(text), { key: this.ps.privateKey, ...pss(256) }),
    HS256: (text) => createHmac("sha256", this.secret).update(text).digest(),
  };

  /** A token with these very parts, signed as `by` signs. */
  mint(header: Part, payload: Part, by: string | Sign): string {
    const text = `${encode(header)}.${encode(payload)}`;
    const signer = typeof by === "string" ? this.signers[by] : by;
    if (!signer) throw new Error(`no signer ${by}`);
    return `${text}.${signer(text).toString("base64url")}`;
  }
}

/** Text stands for itself. */
export function encode(part: Part): string {
  const bytes = typeof part === "string" || part instanceof Uint8Array ? part : JSON.stringify(part);
  return Buffer.from(bytes as string).toString("base64url");
}
