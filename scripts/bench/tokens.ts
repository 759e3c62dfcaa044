import type { DemoFolder } from "../demo/folder.ts";
import { issueToken, tamper } from "../demo/tokens.ts";

/** Subjects that come again and again: fewer than jwt_authn's cache holds by default (100). */
const knownCount = 50;
/** Signed at the same time, on the thread pool. */
const batch = 64;

/** RS256 tokens (2048 bits) of the demo's issuer that grant `orders:read`. */
export class Tokens {
  readonly #keys: DemoFolder["keys"];
  #minted = 0;
  readonly known: readonly string[];

  private constructor(keys: DemoFolder["keys"], known: readonly string[]) {
    this.#keys = keys;
    this.known = known;
  }

  static async of({ keys }: DemoFolder): Promise<Tokens> {
    return new Tokens(keys, await new Tokens(keys, []).#mint("known", knownCount));
  }

  /** Tokens that nobody has seen before. */
  async mint(count: number): Promise<string[]> {
    return this.#mint("new", count);
  }

  /** Tokens that must be refused: with a changed signed part, and without the scope. */
  async bad(): Promise<{ tampered: string; withoutScope: string }> {
    const withoutScope = await issueToken(this.#keys, { scope: "profile" });
    return { tampered: tamper(await issueToken(this.#keys, { scope: "orders:read" })), withoutScope };
  }

  async #mint(kind: string, count: number): Promise<string[]> {
    const tokens: string[] = [];
    while (tokens.length < count) {
      const jobs = Array.from({ length: Math.min(batch, count - tokens.length) }, () => {
        const claims = { sub: `customer-${this.#minted % knownCount}`, jti: `${kind}-${this.#minted++}` };
        return issueToken(this.#keys, { scope: "orders:read", claims, lifetimeSeconds: 3_600 });
      });
      tokens.push(...(await Promise.all(jobs)));
    }
    return tokens;
  }
}
