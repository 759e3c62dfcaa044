import { generateKeyPair } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { calculateJwkThumbprint, exportJWK, type JWK } from "jose";
import { writeChanged } from "../durable-file.ts";
import { readPrivateFile } from "../private-file.ts";
import { logEvent } from "../process-log.ts";
import { StartError } from "../start-error.ts";

const HOUR_MS = 3_600_000;
/** How long a key signs. */
const SIGNS_MS = 24 * HOUR_MS;
/** How long a key is published before it signs, and after: readers of the key set may keep it so long. */
const PUBLISHED_MS = HOUR_MS;
const CHECK_MS = 60_000;
const FILE_BYTES_MOST = 64 * 1024;

export interface AssertionKey {
  /** With its private part. */
  readonly jwk: JWK & { readonly kid: string };
  /** Unix milliseconds: it signs from then on, until the next one does. */
  readonly fromMs: number;
}

/**
 * The keys that assertions are signed with (ES256), in `STATE/keys/assertion.json` (0600): a new one each day, published an
 * hour before it signs and for an hour after. Their public parts are `STATE/assertion-jwks.json`.
 */
export class AssertionKeys {
  #keys: readonly AssertionKey[];
  readonly #stateDirectory: string;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #turning: Promise<void> = Promise.resolve();

  private constructor(stateDirectory: string, keys: readonly AssertionKey[], now: () => number) {
    this.#stateDirectory = stateDirectory;
    this.#keys = keys;
    this.#now = now;
  }

  /** Those that are there, or a first one. @throws StartError `state_directory`: the file is not sound, or not this user's alone */
  static async open(stateDirectory: string, now: () => number = Date.now): Promise<AssertionKeys> {
    await mkdir(join(stateDirectory, "keys"), { recursive: true, mode: 0o700 });
    const keys = new AssertionKeys(stateDirectory, await readKeys(keyPath(stateDirectory)), now);
    await keys.turn();
    // Not before: who could not open them tries again, and what has failed must not go on beside it.
    keys.#timer = setInterval(() => {
      keys.turn().catch(({ message }: Error) => logEvent("error", "assertion_keys_stay", { message }));
    }, CHECK_MS).unref();
    return keys;
  }

  /** The one that signs now. */
  get current(): AssertionKey {
    const now = this.#now();
    const current = this.#keys.findLast(({ fromMs }) => fromMs <= now) ?? this.#keys[0];
    if (current === undefined) throw new Error("there is no key");
    return current;
  }

  /** JSON Web Key Set (RFC 7517) of the public parts. */
  get published(): { readonly keys: readonly JWK[] } {
    return { keys: this.#keys.map(({ jwk: { d, ...shared } }) => ({ ...shared, alg: "ES256", use: "sig" })) };
  }

  /** Makes the next key where it is time for it, and lets go of those that nobody needs any more. */
  turn(): Promise<void> {
    this.#turning = this.#turning.catch(() => undefined).then(() => this.#turn());
    return this.#turning;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#turning.catch(() => undefined);
  }

  async #turn(): Promise<void> {
    const now = this.#now();
    // A key is needed as long as the one after it has not signed for long.
    const needed = this.#keys.filter((_, index) => {
      const next = this.#keys[index + 1];
      return next === undefined || now < next.fromMs + PUBLISHED_MS;
    });
    const newest = needed.at(-1);
    const keys =
      newest === undefined
        ? [await makeKey(now)]
        : now < newest.fromMs + SIGNS_MS - PUBLISHED_MS
          ? needed
          : [...needed, await makeKey(Math.max(newest.fromMs + SIGNS_MS, now + PUBLISHED_MS))];
    if (keys.length !== this.#keys.length || newest !== keys.at(-1)) {
      await writeChanged(keyPath(this.#stateDirectory), JSON.stringify({ keys }), 0o600);
    }
    this.#keys = keys;
    await writeChanged(join(this.#stateDirectory, "assertion-jwks.json"), `${JSON.stringify(this.published)}\n`, 0o644);
  }
}

const generate = promisify(generateKeyPair);

async function makeKey(fromMs: number): Promise<AssertionKey> {
  const { privateKey } = await generate("ec", { namedCurve: "P-256" });
  const jwk = await exportJWK(privateKey);
  return { jwk: { ...jwk, kid: await calculateJwkThumbprint(jwk) }, fromMs };
}

function keyPath(stateDirectory: string): string {
  return join(stateDirectory, "keys", "assertion.json");
}

async function readKeys(path: string): Promise<readonly AssertionKey[]> {
  try {
    const content = await readPrivateFile(path, FILE_BYTES_MOST);
    return content === null ? [] : parseKeys(content.toString("utf8"), path);
  } catch (error) {
    throw new StartError("state_directory", (error as Error).message);
  }
}

function parseKeys(text: string, path: string): readonly AssertionKey[] {
  try {
    const { keys } = JSON.parse(text) as { keys: AssertionKey[] };
    const isSound = keys.every(
      ({ jwk, fromMs }) => typeof jwk.d === "string" && typeof jwk.kid === "string" && fromMs >= 0,
    );
    if (isSound) return keys;
  } catch {
    // Told as any other content that is no list of keys.
  }
  throw new Error(`${path} holds no keys`);
}
