import type { Revocation } from "../../inference-sidecar/src/revocation/revocation.ts";
import type { StoredRevocation } from "../../inference-sidecar/src/revocation/revocations.ts";
import { askSidecar } from "../gateway/ask-sidecar.ts";
import { parseFlags } from "./parse-flags.ts";
import { plainText } from "./plain-text.ts";
import { UsageError } from "./usage-error.ts";

const usage = `postern revoke --jti|--sub|--kid VALUE [--iss ISSUER] [--before TIME|now] [--reason R] [--state DIR] [--json]
       postern revoke --iss ISSUER [--before TIME|now] [--reason R] [--state DIR] [--json]
       postern revoke list [--state DIR] [--json]
       postern revoke undo ID [--state DIR] [--json]`;

interface Changed {
  readonly revocation: StoredRevocation;
  /** Instances of the filter (Envoy's workers and its main thread), and those of them that have the change. */
  readonly workers: number;
  readonly current: number;
}

interface Added extends Changed {
  /** What `iss` can be under the policy in force, of JWT-SVIDs the trust domain; null: no policy is known. */
  readonly issuers: readonly string[] | null;
  /** No issuer of the policy in force has a key of that `kid` now. */
  readonly keyIsUnknown: boolean;
}

/** Revokes tokens, lists what an operator has revoked, or undoes one of it. */
export async function revoke(args: string[]): Promise<number> {
  const text = { type: "string" } as const;
  const { values, positionals } = parseFlags(usage, {
    args,
    allowPositionals: true,
    options: {
      ...{ jti: text, sub: text, kid: text, iss: text, before: text, reason: text },
      state: { type: "string", default: "./.postern" },
      json: { type: "boolean", default: false },
    },
  });
  const { state, json, ...given } = values;
  const [verb, id, ...more] = positionals;
  if (more.length > 0 || (verb !== undefined && Object.keys(given).length > 0)) throw new UsageError(`usage: ${usage}`);
  const print = (answer: object, lines: readonly string[]) =>
    process.stdout.write(json ? `${JSON.stringify(answer)}\n` : `${lines.join("\n")}\n`);
  if (verb === "list" && id === undefined) {
    const answer = (await askSidecar(state, "revoke/list", {}, null)) as { revocations: StoredRevocation[] };
    print(
      answer,
      answer.revocations.length > 0 ? answer.revocations.map(oneLine) : ["nothing is revoked by an operator"],
    );
  } else if (verb === "undo" && id !== undefined) {
    const answer = (await askSidecar(state, "revoke/undo", { id }, null)) as Changed;
    print(answer, [`undone: ${oneLine(answer.revocation)}`, inForce(answer)]);
  } else if (verb === undefined) {
    const answer = (await askSidecar(state, "revoke/add", asked(given), null)) as Added;
    print(answer, [
      `revoked: ${oneLine(answer.revocation)}`,
      inForce(answer),
      ...unknownIssuer(answer),
      ...unknownKey(answer),
    ]);
  } else {
    throw new UsageError(`usage: ${usage}`);
  }
  return 0;
}

function asked(given: Revocation): Revocation {
  const named = [given.jti, given.sub, given.kid].filter((value) => value !== undefined).length;
  if (named > 1 || (named === 0 && given.iss === undefined)) throw new UsageError(`usage: ${usage}`);
  return given.before === "now" ? { ...given, before: new Date().toISOString() } : given;
}

function oneLine({ id, revokedAt, reason, jti, sub, kid, iss, before }: StoredRevocation): string {
  const fields = Object.entries({ jti, sub, kid, iss }).filter(([, value]) => value !== undefined);
  const what = fields.map(([name, value]) => `${name} ${plainText(String(value))}`).join(", ");
  return `${id}  ${revokedAt}  ${what}${before ? `, issued before ${before}` : ""}${reason ? `  (${plainText(reason)})` : ""}`;
}

/** With `iss` no spelling but the tokens' own does anything. */
function unknownIssuer({ revocation, issuers }: Added): string[] {
  if (revocation.iss === undefined || issuers === null || issuers.includes(revocation.iss)) return [];
  const known = issuers.length === 0 ? "it has none" : `it has ${issuers.join(", ")}`;
  return [
    `no issuer of the policy in force is "${plainText(revocation.iss)}", so that no token is refused for this: ${known}`,
  ];
}

function unknownKey({ revocation, keyIsUnknown }: Added): string[] {
  if (!keyIsUnknown) return [];
  return [
    `no issuer of the policy in force has a key "${plainText(revocation.kid ?? "")}" now, so that no token is refused for this as long as none has`,
  ];
}

function inForce({ workers, current }: Changed): string {
  if (workers === 0) return "no filter asks at the moment: it is in force once one does";
  return current === workers
    ? `in force in all ${workers} instances of the filter`
    : `in force in ${current} of ${workers} instances of the filter; the others have not answered yet`;
}
