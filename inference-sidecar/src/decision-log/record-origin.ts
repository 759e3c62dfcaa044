import type { Subjects } from "../policy/policy.ts";
import { asciiBytes } from "./line-bytes.ts";
import type { Pseudonym } from "./pseudonym.ts";

/** What all records of a report rest on, as their lines have it. */
export interface RecordOrigin {
  /** Begins the line of a decision, up to its checks. */
  readonly bundle: Buffer;
  /** Up to the line's number. */
  readonly module: Buffer;
  /** Up to the hash of the line before. */
  readonly policy: Buffer;
  /** From the format on. */
  readonly worker: Buffer;
  readonly pseudonym: Pseudonym;
  readonly subjects: Subjects;
}

interface Named {
  /** Hexadecimal. */
  readonly worker: string;
  readonly policy: string;
  readonly bundle: string;
  /** Empty: not known. */
  readonly module: string;
  readonly pseudonym: Pseudonym;
  readonly subjects: Subjects;
}

export function recordOrigin({ worker, policy, bundle, module, ...rest }: Named): RecordOrigin {
  return {
    bundle: asciiBytes(`{"bundle":"${bundle}","checks":`),
    module: asciiBytes(`,"module":"${module}","n":`),
    policy: asciiBytes(`,"policy":"${policy}","prev":"`),
    worker: asciiBytes(`,"v":1,"worker":"${worker}"`),
    ...rest,
  };
}
