import { sign } from "node:crypto";
import { type Attack, bearer, type Target } from "./attacks.ts";
import { encode } from "./key-ring.ts";

/** Order of the group of P-256 (SEC 2 section 2.4.2). */
const ORDER = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex");

/** Signatures that are none, or not in the one form that RFC 7518 section 3.4 gives them. */
export function* brokenSignatures({ ring, claims }: Target): Generator<Attack> {
  const zero = Buffer.alloc(32);
  const one = Buffer.concat([Buffer.alloc(31), Buffer.of(1)]);
  for (const r of [zero, one, ORDER, Buffer.alloc(32, 0xff)]) {
    for (const s of [zero, one, ORDER, Buffer.alloc(32, 0xff)]) {
      const signature = () => Buffer.concat([r, s]);
      yield bearer("r and s that are none", ring.mint({ alg: "ES256", kid: "es256" }, claims, signature));
    }
  }
  const der = (text: string) => sign("sha256", Buffer.from(text), ring.ec.privateKey);
  yield bearer("ES256 in DER", ring.mint({ alg: "ES256", kid: "es256" }, claims, der));
  for (const [alg, length] of [
    ["RS256", 256],
    ["ES256", 64],
    ["PS256", 256],
    ["EdDSA", 64],
  ] as const) {
    const header = { alg, kid: alg.toLowerCase() };
    const good = ring.signers[alg] as (text: string) => Buffer;
    const changes: ((signature: Buffer) => Buffer)[] = [
      () => Buffer.alloc(0),
      () => Buffer.alloc(length),
      () => Buffer.alloc(length, 0xff),
      (signature) => signature.subarray(1),
      (signature) => signature.subarray(0, -1),
      (signature) => Buffer.concat([Buffer.of(0), signature]),
      (signature) => Buffer.concat([signature, Buffer.of(0)]),
      (signature) => Buffer.concat([signature, signature]),
      (signature) => Buffer.from(signature).reverse(),
      (signature) => Buffer.concat([signature.subarray(length / 2), signature.subarray(0, length / 2)]),
    ];
    for (const change of changes)
      yield bearer(
        `${alg} changed`,
        ring.mint(header, claims, (text) => change(good(text))),
      );
  }
  for (const saltLength of [0, 20, 64, 222]) {
    const salted = (text: string) =>
      sign("sha256", Buffer.from(text), { key: ring.ps.privateKey, padding: 6, saltLength });
    yield bearer(`PS256 with ${saltLength} bytes of salt`, ring.mint({ alg: "PS256", kid: "ps256" }, claims, salted));
  }
  for (const [hash, alg] of [
    ["sha1", "RS256"],
    ["sha512", "RS256"],
    ["sha384", "ES256"],
  ] as const) {
    const key = alg === "RS256" ? ring.rsa.privateKey : { key: ring.ec.privateKey, dsaEncoding: "ieee-p1363" as const };
    const hashed = (text: string) => sign(hash, Buffer.from(text), key);
    yield bearer(`${alg} over ${hash}`, ring.mint({ alg, kid: alg.toLowerCase() }, claims, hashed));
  }
}

/** The parts of a good token, written as lenient decoders would take them too (RFC 7515 section 2, RFC 4648 section 3.5). */
export function* strangeEncodings({ ring, claims }: Target): Generator<Attack> {
  const changes: [name: string, change: (part: string) => string][] = [
    ["padding", (part) => `${part}${"=".repeat((4 - (part.length % 4)) % 4 || 4)}`],
    ["one pad too many", (part) => `${part}=`],
    ["a space", (part) => `${part.slice(0, 8)} ${part.slice(8)}`],
    ["a tab", (part) => `${part.slice(0, 8)}\t${part.slice(8)}`],
    ["a percent escape", (part) => `%${part.charCodeAt(0).toString(16)}${part.slice(1)}`],
    ["the other alphabet", (part) => part.replaceAll("-", "+").replaceAll("_", "/")],
    ["trailing bits", trailingBits],
    ["a single character more", (part) => (part.length % 4 === 0 ? `${part}A` : `${part}AA`)],
    ["nothing", () => ""],
    ["a dot before", (part) => `.${part}`],
  ];
  for (const [alg, spaced] of [
    ["RS256", false],
    ["ES256", true],
    ["EdDSA", true],
  ] as const) {
    // A payload with both characters in which the alphabets differ.
    const payload = spaced ? { ...claims, note: "\u00ff\u00fe?>~~" } : claims;
    const parts = ring.mint({ alg, kid: alg.toLowerCase() }, payload, alg).split(".");
    for (const [name, change] of changes) {
      for (const at of [0, 1, 2]) {
        const changed = parts.map((part, index) => (index === at ? change(part) : part));
        if (changed[at] !== parts[at]) yield bearer(`${alg}, ${name} in part ${at}`, changed.join("."));
      }
    }
    const good = parts.join(".");
    for (const end of [".", "..", ".AA", "=", "==", "%00", "\u0080", ",", ";", `.${parts[2]}`])
      yield bearer(`${alg} and ${end}`, `${good}${end}`);
    yield bearer("five parts, as of a JWE", `${parts[0]}.AA.AA.${parts[1]}.${parts[2]}`);
    yield bearer("JSON serialisation", encode({ protected: parts[0], payload: parts[1], signature: parts[2] }));
    yield bearer("detached", `${parts[0]}..${parts[2]}`);
  }
}

/** The same bytes, but for a decoder that looks at the bits which no byte needs. */
function trailingBits(part: string): string {
  const unused = part.length % 4 === 2 ? 4 : part.length % 4 === 3 ? 2 : 0;
  if (unused === 0) return part;
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(part.at(-1) ?? "");
  return `${part.slice(0, -1)}${alphabet[last | ((1 << unused) - 1)]}`;
}
