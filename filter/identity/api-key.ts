import { HeaderMap } from "proxy-wasm-as/header-map";
import { constantTimeEqual } from "../crypto/constant-time";
import { sha256 } from "../crypto/sha256";
import { NONE as NEVER } from "../policy/blob-layout";
import { CompiledPolicy } from "../policy/compiled-policy";

const MAX_KEY_BYTES: i32 = 512;
const NONE = new Uint8Array(0);

/** What became of the API key of a request. */
export const enum ApiKeyOutcome {
  Absent,
  Valid,
  /** None of the policy's, or sent twice. */
  Unknown,
  Expired,
}

export class ApiKeyCheck {
  constructor(
    public readonly outcome: ApiKeyOutcome,
    /** Of the key; empty without Valid. */
    public readonly name: Uint8Array,
    /** When the key expires, Unix milliseconds; 0: never, or there is none. */
    public readonly untilMillis: i64 = 0,
  ) {}
}

const ABSENT = new ApiKeyCheck(ApiKeyOutcome.Absent, NONE);

/**
 * The API key that a request brings. It is compared with all of the policy, each in constant time; of two records with one
 * digest the first that has not expired counts. A policy without keys knows no header that could bring one.
 */
export function checkApiKey(request: HeaderMap, policy: CompiledPolicy, nowSeconds: i64): ApiKeyCheck {
  const keys = policy.apiKeys;
  const index = keys.length == 0 ? -1 : request.indexOf(policy.keyHeader);
  if (index < 0) return ABSENT;
  const value = request.value(index);
  if (value.length > MAX_KEY_BYTES || request.indexOf(policy.keyHeader, index + 1) >= 0) {
    return new ApiKeyCheck(ApiKeyOutcome.Unknown, NONE);
  }
  const digest = sha256(value);
  let outcome = ApiKeyOutcome.Unknown;
  let name = NONE;
  let untilMillis: i64 = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = unchecked(keys[i]);
    if (!constantTimeEqual(digest, key.digest) || outcome == ApiKeyOutcome.Valid) continue;
    const expired = key.expiresAt != NEVER && nowSeconds >= <i64>key.expiresAt;
    outcome = expired ? ApiKeyOutcome.Expired : ApiKeyOutcome.Valid;
    if (expired) continue;
    name = key.name;
    untilMillis = key.expiresAt == NEVER ? 0 : <i64>key.expiresAt * 1000;
  }
  return new ApiKeyCheck(outcome, name, untilMillis);
}
