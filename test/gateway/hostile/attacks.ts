import { createHmac, type KeyObject } from "node:crypto";
import { brokenSignatures, strangeEncodings } from "./encodings.ts";
import { encode, type KeyRing, type Part } from "./key-ring.ts";

/** Values of `authorization`, one header each, of which none may be believed. */
export interface Attack {
  readonly name: string;
  readonly headers: readonly string[];
}

export interface Target {
  readonly ring: KeyRing;
  readonly foreign: KeyRing;
  /** Claims that are believed when the signature is good. */
  readonly claims: Readonly<Record<string, unknown>>;
}

const LOOK_ALIKES: Readonly<Record<string, string>> = {
  a: "\u0430",
  e: "\u0435",
  o: "\u043e",
  s: "\uff53",
  "/": "\u2215",
};

/** Attacks that are known by name (RFC 8725 section 2), each in all its variants. */
export function* attacks(target: Target): Generator<Attack> {
  yield* confusedAlgorithms(target);
  yield* unsecured(target);
  yield* strangeKeyIds(target);
  yield* embeddedKeys(target);
  yield* criticalHeaders(target);
  yield* duplicates(target);
  yield* oversized(target);
  yield* wrongTypes(target);
  yield* lookAlikes(target);
  yield* clockEdges(target);
  yield* brokenSignatures(target);
  yield* strangeEncodings(target);
}

export const bearer = (name: string, token: string): Attack => ({ name, headers: [`Bearer ${token}`] });

/** A signature made with one algorithm, or with what is public of its key, under the name of another. */
function* confusedAlgorithms({ ring, claims }: Target): Generator<Attack> {
  const names = [
    ...Object.keys(ring.signers),
    "RS384",
    "RS512",
    "ES384",
    "PS384",
    "PS512",
    "HS384",
    "HS512",
    "ES256K",
    "Ed25519",
  ];
  for (const signer of Object.keys(ring.signers)) {
    for (const alg of names) {
      for (const kid of ["rs256", "es256", "eddsa", "ps256", undefined]) {
        const isTrue = alg === signer || (alg === "Ed25519" && signer === "EdDSA");
        if (isTrue && signer !== "HS256" && (kid === signer.toLowerCase() || kid === undefined)) continue;
        yield bearer(`${signer} as ${alg}, kid ${kid}`, ring.mint({ alg, kid }, claims, signer));
      }
    }
  }
  for (const [kid, { publicKey }] of Object.entries({
    rs256: ring.rsa,
    es256: ring.ec,
    eddsa: ring.ed,
    ps256: ring.ps,
  })) {
    for (const secret of publicForms(publicKey)) {
      const mac = (text: string) => createHmac("sha256", secret).update(text).digest();
      yield bearer(`HS256 with the public key of ${kid}`, ring.mint({ alg: "HS256", kid }, claims, mac));
      yield bearer("HS256 with a public key, without kid", ring.mint({ alg: "HS256" }, claims, mac));
    }
  }
}

function publicForms(key: KeyObject): (string | Buffer)[] {
  const jwk = key.export({ format: "jwk" });
  const pem = key.export({ format: "pem", type: "spki" }).toString();
  const der = key.export({ format: "der", type: "spki" });
  return [
    pem,
    pem.trim(),
    pem.replaceAll("\n", ""),
    der,
    der.toString("base64"),
    JSON.stringify(jwk),
    jwk.n ?? jwk.x ?? "",
  ];
}

function* unsecured({ ring, claims }: Target): Generator<Attack> {
  const good = ring.mint({ alg: "RS256", kid: "rs256" }, claims, "RS256").split(".")[2];
  for (const alg of [
    "none",
    "None",
    "NONE",
    "nOnE",
    "none ",
    "",
    "\u006eone\u0000",
    "RS256\u0000",
    "rs256",
    " RS256",
    "RS-256",
  ]) {
    for (const signature of ["", good, "AA", encode("none")]) {
      for (const kid of [undefined, "rs256"])
        yield bearer(`alg ${JSON.stringify(alg)}`, `${encode({ alg, kid })}.${encode(claims)}.${signature}`);
    }
  }
}

function* strangeKeyIds({ ring, foreign, claims }: Target): Generator<Attack> {
  const ids: unknown[] = [
    "../../../../dev/null",
    "/dev/null",
    "rs256/../es256",
    "' OR 1=1 --",
    "rs256\u0000",
    "RS256",
    "",
    " rs256",
  ];
  ids.push("$(id)", "http://127.0.0.1/k", "\uff52\uff53256", "x".repeat(4000), 1, null, ["rs256"], { rs256: 1 }, true);
  for (const kid of ids) {
    yield bearer(`kid ${JSON.stringify(kid).slice(0, 40)}`, ring.mint({ alg: "RS256", kid }, claims, "RS256"));
    yield bearer(
      `kid ${JSON.stringify(kid).slice(0, 40)}, empty secret`,
      foreign.mint({ alg: "HS256", kid }, claims, noSecret),
    );
  }
}

const noSecret = (text: string) => createHmac("sha256", "").update(text).digest();

function* embeddedKeys({ ring, foreign, claims }: Target): Generator<Attack> {
  const jwk = foreign.rsa.publicKey.export({ format: "jwk" });
  const der = foreign.rsa.publicKey.export({ format: "der", type: "spki" }).toString("base64");
  const members: Record<string, unknown> = {
    jwk,
    jku: "http://127.0.0.1:1/jwks",
    x5u: "http://127.0.0.1:1/x5u",
    x5c: [der],
  };
  for (const [name, value] of Object.entries(members)) {
    for (const kid of ["rs256", undefined, "mine"]) {
      for (const signer of [ring, foreign])
        yield bearer(`${name}, kid ${kid}`, signer.mint({ alg: "RS256", kid, [name]: value }, claims, "RS256"));
    }
  }
  for (const alg of Object.keys(foreign.signers))
    yield bearer(
      `${alg} by another's key`,
      foreign.mint({ alg, kid: alg.toLowerCase() }, claims, alg === "HS256" ? noSecret : alg),
    );
}

function* criticalHeaders({ ring, claims }: Target): Generator<Attack> {
  const members: object[] = [
    { crit: ["exp"], exp: 1 },
    { crit: [] },
    { crit: ["b64"], b64: false },
    { b64: false },
    { zip: "DEF" },
  ];
  members.push(
    { cty: "JWT" },
    { crit: "exp" },
    { typ: "logout+jwt" },
    { typ: "dpop+jwt" },
    { typ: 1 },
    { enc: "A256GCM", crit: ["enc"] },
  );
  for (const member of members) {
    for (const alg of ["RS256", "EdDSA"])
      yield bearer(JSON.stringify(member), ring.mint({ alg, kid: alg.toLowerCase(), ...member }, claims, alg));
  }
}

function* duplicates({ ring, claims }: Target): Generator<Attack> {
  const header = { alg: "ES256", kid: "es256" };
  const text = JSON.stringify(claims).slice(1, -1);
  for (const [name, value] of Object.entries(claims)) {
    const escaped = `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
    for (const again of [name, escaped]) {
      yield bearer(`${name} twice`, ring.mint(header, `{${text},"${again}":${JSON.stringify(value)}}`, "ES256"));
      yield bearer(`${name} twice, first`, ring.mint(header, `{"${again}":${JSON.stringify(value)},${text}}`, "ES256"));
    }
  }
  for (const twice of [
    '"alg":"ES256","alg":"ES256","kid":"es256"',
    '"alg":"none","alg":"ES256"',
    '"alg":"ES256","kid":"es256","kid":"x"',
  ])
    yield bearer("a header member twice", ring.mint(`{${twice}}`, claims, "ES256"));
  const good = ring.mint(header, claims, "ES256");
  yield { name: "two headers", headers: [`Bearer ${good}`, `Bearer ${good}`] };
  yield { name: "two headers, one bad", headers: ["Bearer x", `Bearer ${good}`] };
  for (const value of [
    `Bearer ${good}, Bearer ${good}`,
    `Bearer ${good},`,
    `Basic ${good}`,
    `Bearer=${good}`,
    good,
    `Bearer ${good} x`,
  ])
    yield { name: "not one bearer token", headers: [value] };
  for (const value of [
    `Bearer "${good}"`,
    `Bearer\t${good}`,
    `DPoP ${good}`,
    `Bearer ${good}.`,
    `Bearer .${good}`,
    `Bearer ${good}.e30`,
  ])
    yield { name: "not one bearer token", headers: [value] };
}

function* oversized({ ring, claims }: Target): Generator<Attack> {
  const header = { alg: "ES256", kid: "es256" };
  const text = JSON.stringify(claims).slice(1, -1);
  for (const size of [7000, 20_000, 40_000]) {
    yield bearer(`a token of ${size} bytes`, ring.mint(header, { ...claims, pad: "x".repeat(size) }, "ES256"));
    yield bearer(`dots, ${size}`, ".".repeat(size));
    yield bearer(`no dots, ${size}`, "A".repeat(size));
  }
  for (const depth of [65, 500, 1500]) {
    yield bearer(
      `depth ${depth}`,
      ring.mint(header, `{${text},"x":${"[".repeat(depth)}${"]".repeat(depth)}}`, "ES256"),
    );
    yield bearer(`open depth ${depth}`, ring.mint(header, `{${text},"x":${'{"a":'.repeat(depth)}`, "ES256"));
    yield bearer(
      `depth ${depth} in the header`,
      ring.mint(`{"alg":"ES256","x":${"[".repeat(depth)}${"]".repeat(depth)}}`, claims, "ES256"),
    );
  }
  const members = Array.from({ length: 700 }, (_, index) => `"m${index}":0`).join();
  yield bearer("700 members in the header", ring.mint(`{"alg":"ES256",${members}}`, claims, "ES256"));
}

function* wrongTypes({ ring, claims }: Target): Generator<Attack> {
  const values: unknown[] = [
    null,
    true,
    false,
    0,
    1,
    -1,
    "",
    "x",
    [],
    {},
    [null],
    [[]],
    { a: 1 },
    1e308,
    "\u0000",
    ["x", 1],
  ];
  for (const [name, good] of Object.entries(claims)) {
    for (const value of values) {
      // Text that is another's is no wrong type of `sub`, nor is an early `iat`.
      if (name === "sub" && typeof value === "string" && value !== "\u0000") continue;
      if (name === "iat" && typeof value === "number" && value >= 0 && value < 2e9) continue;
      for (const alg of ["ES256", "PS256"])
        yield bearer(
          `${name}: ${JSON.stringify(value)} for ${good}`,
          ring.mint({ alg, kid: alg.toLowerCase() }, { ...claims, [name]: value }, alg),
        );
    }
    if (["iss", "aud", "exp", "scope"].includes(name))
      yield bearer(`no ${name}`, ring.mint({ alg: "ES256" }, { ...claims, [name]: undefined }, "ES256"));
  }
  const parts: Part[] = [
    "",
    "null",
    "[]",
    '"x"',
    "1",
    "{",
    "{}",
    "{}{}",
    Uint8Array.of(0xff, 0xfe),
    Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d),
  ];
  for (const part of parts) {
    yield bearer("a payload that is none", ring.mint({ alg: "ES256" }, part, "ES256"));
    yield bearer("a header that is none", ring.mint(part, claims, "ES256"));
  }
}

/** Letters that look like others, and forms that normalise to others. */
function* lookAlikes({ ring, claims }: Target): Generator<Attack> {
  const header = { alg: "ES256", kid: "es256" };
  for (const name of ["iss", "aud", "scope"]) {
    const value = String(claims[name]);
    const changed = new Set([
      value.toUpperCase(),
      `${value} `,
      ` ${value}`,
      `${value}/`,
      `${value}\u0000`,
      `${value}\u200b`,
      `\ufeff${value}`,
    ]);
    for (const [letter, other] of Object.entries(LOOK_ALIKES))
      changed.add(value.replace(letter, other)).add(value.replaceAll(letter, other));
    changed.add(value.replace("e", "e\u0301")).add(encodeURIComponent(value)).add(value.slice(0, -1));
    changed.delete(value);
    for (const one of changed) {
      // Scopes are separated by spaces: those around them change nothing.
      if (name === "scope" && one.trim() === value) continue;
      yield bearer(`${name} ${JSON.stringify(one)}`, ring.mint(header, { ...claims, [name]: one }, "ES256"));
    }
  }
  for (const alg of ["\uff25\uff33256", "ES\u0662\u0665\u0666", "E\u0405256", "ES256\u200b"])
    yield bearer(`alg ${alg}`, ring.mint({ ...header, alg }, claims, "ES256"));
}

/** `exp`, `nbf` and `iat` beyond the 30 seconds of skew, and numbers that could overflow. */
function* clockEdges({ ring, claims }: Target): Generator<Attack> {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: "ES256", kid: "es256" };
  const text = JSON.stringify({ ...claims, exp: undefined }).slice(1, -1);
  for (const exp of [0, 1, now - 3600, now - 31, now - 60, -now])
    yield bearer(`exp ${exp - now} s from now`, ring.mint(header, { ...claims, exp }, "ES256"));
  for (const name of ["nbf", "iat"]) {
    for (const later of [120, 3600, 10 ** 9])
      yield bearer(`${name} in ${later} s`, ring.mint(header, { ...claims, [name]: now + later }, "ES256"));
  }
  for (const exp of [
    "1e999",
    "99999999999999999999",
    "9223372036854775808",
    "-1e99",
    "1E400",
    "NaN",
    "Infinity",
    "0x7fffffff",
    `${now}000000`,
  ])
    yield bearer(`exp ${exp}`, ring.mint(header, `{${text},"exp":${exp}}`, "ES256"));
}
