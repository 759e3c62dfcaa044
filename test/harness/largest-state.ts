import { randomBytes } from "node:crypto";
import type { SyncSections } from "../../inference-sidecar/src/sync/synced-state.ts";

const routesMost = 10_000;
const nameBytes = 63;
const issuersMost = 32;
const keysMost = 64;
const kidBytes = 256;
const uriBytes = 1_024;
/** Of an RSA key of 8192 bits. */
const spkiBytes = 1_064;
const revocationsMost = 10_000;
const revocationBytes = 20;

/** What the workers are told at most: each route in a canary, issuers full of keys, and all the revocations that there may be. */
export function largestState(): SyncSections {
  const name = (index: number) => String(index).padStart(nameBytes, "0");
  const salt = randomBytes(16);
  const routes = Array.from({ length: routesMost }, (_, index) => ({
    route: name(index),
    mode: "DETECT" as const,
    rung: "DETECT" as const,
    canary: { rung: "PREVENT" as const, shareMillionths: 100_000, salt },
    modelDenyMillionths: 0,
  }));
  const key = (index: number) => ({
    kid: String(index).padStart(kidBytes, "k"),
    algorithms: 511,
    spki: randomBytes(spkiBytes),
  });
  const keys = Array.from({ length: issuersMost }, (_, index) => ({
    issuer: name(index),
    fetchedUnixMs: Date.now(),
    keys: Array.from({ length: keysMost }, (_, index) => key(index)),
    uri: name(index).padStart(uriBytes, "u"),
  }));
  const entries = Array.from({ length: revocationsMost }, () => randomBytes(revocationBytes)).sort(Buffer.compare);
  const revocations = { entries: Buffer.concat(entries), writtenUnixMs: Date.now() };
  return { routes, selfTestKey: randomBytes(32), keys, revocations };
}
