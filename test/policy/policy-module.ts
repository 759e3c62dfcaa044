import { compileEntry } from "../harness/compile-entry.ts";

type Exports = Record<string, unknown> & {
  Uint8Array_ID: { value: number };
  decode(blob: number): number;
  refusal(): number;
  match(host: number, method: number, path: number): number;
  grant(route: number, issuer: number, scopes: number, claims: number, workload: number): number;
  describe(): number;
  describeRoute(index: number): number;
};

export interface SubjectText {
  /** Index; -1: no token. */
  issuer: number;
  scopes?: string;
  claims?: object;
  workload?: string;
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
    grant: (route: number, { issuer, scopes = "", claims, workload = "" }: SubjectText): number =>
      release(
        exports.grant(route, issuer, bytes(scopes), bytes(claims ? JSON.stringify(claims) : ""), bytes(workload)),
      ),
    describe: (): string[] => exports.__getString(exports.describe()).split("\n"),
    describeRoute: (index: number): string => exports.__getString(exports.describeRoute(index)),
    collect: (): void => exports.__collect(),
  };
}

export type PolicyModule = Awaited<ReturnType<typeof loadPolicyModule>>;
