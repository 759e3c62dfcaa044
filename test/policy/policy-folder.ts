import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSigned } from "./certificate.ts";

export const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });

const server = generateKeyPairSync("ec", { namedCurve: "P-256" });
const unusual = generateKeyPairSync("ec", { namedCurve: "secp256k1" });

export const jwk = (key: KeyObject, more: object = {}) => ({ ...key.export({ format: "jwk" }), ...more });
export const keySet = (...keys: object[]) => JSON.stringify({ keys });

/** A folder with what the policies of these tests name: keys, a certificate, a secret. `remove` it in the end. */
export async function makePolicyFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "postern-policy-"));
  const files = {
    "server.pem": selfSigned(server),
    "server.key": server.privateKey.export({ format: "pem", type: "pkcs8" }),
    "marked.pem": `\uFEFF${selfSigned(server)}`,
    "cut.pem": `${selfSigned(server)}${selfSigned(ec).slice(0, 100)}`,
    "unusual.pem": selfSigned(unusual),
    "unusual.key": unusual.privateKey.export({ format: "pem", type: "pkcs8" }),
    "other.key": ec.privateKey.export({ format: "pem", type: "pkcs8" }),
    "jwks.json": keySet(jwk(rsa.publicKey, { kid: "r", use: "sig" }), jwk(ec.publicKey, { kid: "e" })),
    "private.json": keySet(jwk(ec.privateKey)),
    "secret.txt": `${"s".repeat(32)}\n`,
    "short.txt": `${"s".repeat(31)}\n`,
    "lines.txt": `${"s".repeat(32)}\n${"s".repeat(32)}\n`,
    "latin1.txt": Buffer.alloc(40, 0xe9),
    "large.txt": "x".repeat(256 * 1024 + 1),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return { folder, remove: () => rm(folder, { recursive: true }) };
}
