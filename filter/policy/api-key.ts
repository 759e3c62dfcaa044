import { SECTION_API_KEYS } from "./blob-layout";
import { PolicyBlob } from "./policy-blob";

/** An API key that the policy accepts; byte arrays are views of the policy. */
export class ApiKey {
  constructor(
    readonly name: Uint8Array,
    /** SHA-256 of the key. */
    readonly digest: Uint8Array,
    /** Unix seconds from which on it is refused, or NONE. */
    readonly expiresAt: u32,
  ) {}
}

export function allApiKeys(blob: PolicyBlob): ApiKey[] {
  const keys: ApiKey[] = [];
  for (let i = 0, count = blob.sectionCount(SECTION_API_KEYS); i < count; i++) {
    const record = blob.record(SECTION_API_KEYS, i);
    keys.push(new ApiKey(blob.string(load<u32>(record)), blob.string(load<u32>(record, 4)), load<u32>(record, 8)));
  }
  return keys;
}
