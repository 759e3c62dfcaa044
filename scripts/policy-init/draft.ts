import type { Method } from "../../inference-sidecar/src/policy/policy.ts";

/** A first policy, before somebody has looked at it. */
export interface Draft {
  /** Where it comes from, for the head of the file. */
  readonly source: string;
  readonly issuers: readonly DraftIssuer[];
  /** Header of API keys; null: none are used. */
  readonly apiKeyHeader: string | null;
  readonly routes: readonly DraftRoute[];
  /** What could not be taken over. */
  readonly notes: readonly string[];
}

export interface DraftIssuer {
  readonly name: string;
  /** `iss`, as far as it is known. */
  readonly issuer: string;
  /** What is to be filled in. */
  readonly note: string;
}

export interface DraftRoute {
  readonly name: string;
  readonly methods: readonly Method[];
  readonly path: string;
  /** Null: anyone may use it. */
  readonly allow: readonly DraftGrant[] | null;
  /** To a stream (WebSocket), of which the head alone can be scored. */
  readonly upgrades: boolean;
  readonly notes: readonly string[];
}

export interface DraftGrant {
  /** Name of an issuer of the draft. */
  readonly issuer?: string;
  readonly scopes?: readonly string[];
  readonly apiKey?: boolean;
}

/** The issuer of routes of which only is known that they ask for somebody. */
export const UNKNOWN_ISSUER: DraftIssuer = {
  name: "fill-in",
  issuer: "https://issuer.invalid",
  note: "whose tokens are these? `issuer` is their `iss` claim",
};

/** Names of routes, or of issuers, that no two share, in the characters that the policy takes. */
export class Names {
  readonly #taken = new Set<string>();

  of(wanted: string): string {
    const plain =
      wanted
        .replace(/[^A-Za-z0-9._-]+/g, "-")
        .replace(/^[^A-Za-z0-9]+|-+$/g, "")
        .slice(0, 56) || "root";
    let name = plain;
    for (let number = 2; this.#taken.has(name); number++) name = `${plain}-${number}`;
    this.#taken.add(name);
    return name;
  }
}
