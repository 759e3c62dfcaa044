import { type HeaderPair, serializePairs } from "../filter/header-pairs.ts";
import { compileEntry } from "../harness/compile-entry.ts";

type Exports = Record<string, unknown> & {
  Uint8Array_ID: { value: number };
  decode(blob: number): number;
  refusal(): number;
  match(host: number, method: number, path: number): number;
  grant(route: number, issuer: number, scopes: number, claims: number, workload: number): number;
  circumstances(address: number, now: bigint, headers: number): void;
  address(written: number): number;
  describe(): number;
  describeRoute(index: number): number;
};

export interface SubjectText {
  /** Index; -1: no token. */
  issuer: number;
  scopes?: string;
  claims?: object;
  workload?: string;
  /** `address:port` */
  from?: string;
  /** ISO 8601. */
  at?: string;
  headers?: readonly HeaderPair[];
}

/** The filter's policy stage, compiled. */
export async function loadPolicyModule() {
  const { exports } = await compileEntry<Exports>("test/filter/entries/policy-entry.ts");
  let pinned: number[] = [];
  const bytes = (data: Uint8Array | string): number => {
    const pointer = exports.__newArray(exports.Uint8Array_ID.value, Buffer.from(data as string) as never);
    pinned.push(exports.__pin(pointer));
    return pointer;
  };
  const release = <T>(result: T): T => {
    for (const pointer of pinned) exports.__unpin(pointer);
    pinned = [];
    return result;
  };
  return {
    /** Empty if the blob was taken, else why not. */
    decode: (blob: Uint8Array): string =>
      release(exports.decode(bytes(blob))) === 1 ? "" : exports.__getString(exports.refusal()),
    match: (host: string, method: string, path: string): number =>
      release(exports.match(bytes(host), bytes(method), bytes(path))),
    /** `allow ID`, `deny ID` or `none`; `, expired ID` where a grant would have decided. */
    grant: (route: number, subject: SubjectText): string => {
      const {
        issuer,
        scopes = "",
        claims,
        workload = "",
        from = "",
        at = "2026-11-23T12:00:00Z",
        headers = [],
      } = subject;
      exports.circumstances(bytes(from), BigInt(Date.parse(at) / 1000), bytes(serializePairs(headers)));
      const text = claims ? JSON.stringify(claims) : "";
      return exports.__getString(release(exports.grant(route, issuer, bytes(scopes), bytes(text), bytes(workload))));
    },
    /** 32 hexadecimal digits; empty: no address. */
    address: (written: string | Uint8Array): string => exports.__getString(release(exports.address(bytes(written)))),
    describe: (): string[] => exports.__getString(exports.describe()).split("\n"),
    describeRoute: (index: number): string => exports.__getString(exports.describeRoute(index)),
    collect: (): void => exports.__collect(),
  };
}

export type PolicyModule = Awaited<ReturnType<typeof loadPolicyModule>>;
