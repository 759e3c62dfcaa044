import { generateKeyPairSync, randomBytes } from "node:crypto";
import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { issueToken, type SigningKeys, signingKeysFrom } from "./tokens.ts";

const template = fileURLToPath(new URL("./policy.yaml", import.meta.url));
const validDays = 30;
/** Keys and certificates are made anew after this many days: long before they expire. */
const renewDays = 14;

export interface DemoFolder {
  readonly policyPath: string;
  /** The authority of the demo's certificates. */
  readonly authorityPath: string;
  /** A token that may read orders. */
  readonly tokenPath: string;
  readonly client: { readonly certificate: string; readonly key: string };
  readonly keys: SigningKeys;
}

/** Writes the demo's policy, and the keys and certificates unless fresh ones lie there. Everything in it is the user's alone. */
export async function demoFolder(directory: string): Promise<DemoFolder> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const at = (name: string) => join(directory, name);
  if (!(await isFresh(at("made")))) {
    await makeCertificates(at);
    await makeSigningKeys(at);
    await writePrivate(at("made"), new Date().toISOString());
  }
  await copyFile(template, at("policy.yaml"));
  const read = (name: string) => readFile(at(name), "utf8");
  const keys = signingKeysFrom(await read("rs256.key"), await read("es256.key"), await read("partners.secret"));
  await writePrivate(at("token"), await issueToken(keys, { scope: "orders:read", lifetimeSeconds: 86_400 }));
  return {
    policyPath: at("policy.yaml"),
    authorityPath: at("ca.pem"),
    tokenPath: at("token"),
    client: { certificate: await read("web.pem"), key: await read("web.key") },
    keys,
  };
}

async function isFresh(path: string): Promise<boolean> {
  const made = await stat(path).catch(() => null);
  return made !== null && Date.now() - made.mtimeMs < renewDays * 86_400_000;
}

async function makeCertificates(at: (name: string) => string): Promise<void> {
  // Loaded only when certificates are made: a second start is quicker without it.
  const { issueCertificate } = await import("./certificate.ts");
  const authority = await issueCertificate({ name: "Postern demo authority", alternativeNames: [], validDays }, null);
  const server = await issueCertificate(
    { name: "localhost", alternativeNames: ["localhost", "127.0.0.1"], validDays },
    authority,
  );
  const web = await issueCertificate(
    { name: "web", alternativeNames: ["spiffe://edge.demo/ns/shop/sa/web"], validDays },
    authority,
  );
  await writePrivate(at("ca.pem"), authority.certificatePem);
  await writePrivate(at("server.pem"), server.certificatePem);
  await writePrivate(at("server.key"), server.keyPem);
  await writePrivate(at("web.pem"), web.certificatePem);
  await writePrivate(at("web.key"), web.keyPem);
}

async function makeSigningKeys(at: (name: string) => string): Promise<void> {
  const rs256 = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const es256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const published = [
    { ...rs256.publicKey.export({ format: "jwk" }), kid: "rs256", alg: "RS256", use: "sig" },
    { ...es256.publicKey.export({ format: "jwk" }), kid: "es256", alg: "ES256", use: "sig" },
  ];
  const pem = { type: "pkcs8", format: "pem" } as const;
  await writePrivate(at("jwks.json"), JSON.stringify({ keys: published }, null, 2));
  await writePrivate(at("rs256.key"), rs256.privateKey.export(pem));
  await writePrivate(at("es256.key"), es256.privateKey.export(pem));
  await writePrivate(at("partners.secret"), randomBytes(48).toString("base64url"));
}

async function writePrivate(path: string, content: string | Buffer): Promise<void> {
  await writeFile(path, content, { mode: 0o600 });
}
