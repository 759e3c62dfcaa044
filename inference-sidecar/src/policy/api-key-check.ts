import type { Path, PolicyDocument } from "./document.ts";
import { checkExpiry } from "./expiry-check.ts";
import { readsLike, refuseKeyHeader } from "./header-name.ts";
import { identityHeaders } from "./identity-headers.ts";
import { refuseDigestOfNothing } from "./secret-digest.ts";
import { hasGaps, type Partly, type WrittenGrant, type WrittenPolicy } from "./written-policy.ts";

type Policy = Partly<WrittenPolicy>;

export const DEFAULT_KEY_HEADER = "x-api-key";

/** Reports API keys that share a name or a digest or are no key at all, and a header that can't bring one. */
export function checkApiKeys(document: PolicyDocument, policy: Policy): void {
  const { apiKeys } = policy.identity ?? {};
  if (!apiKeys) return;
  const at = ["identity", "apiKeys"];
  checkHeader(document, (apiKeys.header ?? DEFAULT_KEY_HEADER).toLowerCase(), policy, [...at, "header"]);
  const seen = { name: new Map<string, number>(), sha256: new Map<string, number>() };
  for (const [index, key] of (apiKeys.keys ?? []).entries()) {
    for (const field of ["name", "sha256"] as const) {
      const value = key?.[field]?.toLowerCase();
      if (value === undefined) continue;
      const first = seen[field].get(value);
      if (first === undefined) seen[field].set(value, index);
      else {
        const message = `key ${first + 1} has the same \`${field}\``;
        document.report("duplicate_api_key", [...at, "keys", index, field], message, "one of its own");
      }
    }
    refuseDigestOfNothing(document, key?.sha256, [...at, "keys", index, "sha256"]);
    checkExpiry(document, key?.expires, [...at, "keys", index, "expires"]);
  }
}

/** Reports API keys that a grant names and the policy does not have. */
export function checkGrantKeys(document: PolicyDocument, policy: Policy, grant: Partly<WrittenGrant>, at: Path): void {
  const { apiKeys } = policy.identity ?? {};
  const keys = apiKeys?.keys ?? [];
  if (hasGaps(policy.identity ?? policy) || hasGaps(apiKeys ?? {}) || keys.some((key) => key?.name === undefined))
    return;
  const names = keys.map((key) => key?.name);
  for (const [item, name] of (grant.apiKeys ?? []).entries()) {
    if (name === undefined || names.includes(name)) continue;
    const expected = names.length > 0 ? "a name of `identity.apiKeys.keys`" : "a key in `identity.apiKeys`";
    document.report("unknown_api_key", [...at, "apiKeys", item], `no API key is named "${name}"`, expected);
  }
}

function checkHeader(document: PolicyDocument, name: string, policy: Policy, at: Path): void {
  const code = refuseKeyHeader(name);
  const identity = identityHeaders(policy.identity).some((other) => readsLike(other.name, name));
  if (code === "header_name") {
    document.report(code, at, `"${name}" is no header name`, "letters, digits, dashes and underscores");
  } else if (code || identity) {
    document.report("header_reserved", at, `${name} means something else`, "a name of its own, such as x-api-key");
  }
}
