// Layout of the compiled policy, version 3: `filter/policy/blob-layout.ts` says it field by field and reads it.
// The bytes of strings follow the sections.

export const MAGIC = "PSTN";
export const VERSION = 3;
export const NONE = 0xffffffff;

export const DIGEST_OFFSET = 8;
export const DIGESTED_OFFSET = 40;

/** Sections in the order of the directory, with the number of u32 words in a record. */
export const SECTIONS = {
  strings: 2,
  list: 1,
  issuers: 14,
  keys: 3,
  routes: 17,
  grants: 17,
  claims: 3,
  claimValues: 2,
  exactHosts: 2,
  suffixHosts: 2,
  nodes: 8,
  edges: 2,
  entries: 1,
  networks: 5,
  times: 2,
  apiKeys: 3,
} as const;

export type Section = keyof typeof SECTIONS;

export const HEAD_WORDS = 31;
export const HEADER_SIZE = DIGESTED_OFFSET + HEAD_WORDS * 4 + Object.keys(SECTIONS).length * 8;

export const ROUTE_FLAGS = {
  public: 4,
  askAlways: 32,
  open: 64,
  prefix: 128,
  tokenGrant: 256,
  staleOpen: 32768,
  keyGrant: 65536,
  login: 524288,
  assertion: 1048576,
} as const;
export const SCORE_SHIFT = 3;
export const CONSTRAINT_SHIFT = 9;
export const FLOOR_SHIFT = 11;
export const CEILING_SHIFT = 13;
export const EVIDENCE_SHIFT = 17;

/** Largest compiled policy: it is sent to each worker of Envoy and kept there. */
export const MAXIMUM_BLOB_BYTES = 8 * 1024 * 1024;
