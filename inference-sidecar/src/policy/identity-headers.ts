import type { Path, PolicyDocument } from "./document.ts";
import { refuseIdentityHeader } from "./header-name.ts";
import type { Partly, WrittenPolicy } from "./written-policy.ts";

type Identity = NonNullable<Partly<WrittenPolicy>["identity"]>;

export const IDENTITY_HEADERS = {
  subject: "x-postern-subject",
  issuer: "x-postern-issuer",
  workload: "x-postern-workload",
  scopes: "x-postern-scopes",
  apiKey: "x-postern-api-key",
} as const;

export const ASSERTION_HEADER = "x-postern-assertion";

interface NamedHeader {
  /** What the upstream is told in it. */
  readonly kind: string;
  /** Lower case. */
  readonly name: string;
  readonly at: Path;
}

/** The headers in which identity is given on, and that no client may send. */
export function identityHeaders({ headers, assertion }: Identity = {}): NamedHeader[] {
  const named: NamedHeader[] = [];
  for (const kind of Object.keys(IDENTITY_HEADERS) as (keyof typeof IDENTITY_HEADERS)[]) {
    const name = headers?.[kind] ?? IDENTITY_HEADERS[kind];
    named.push({ kind, name: name.toLowerCase(), at: ["identity", "headers", kind] });
  }
  for (const [claim, name] of Object.entries(headers?.claims ?? {})) {
    if (name === undefined) continue;
    named.push({ kind: `claim ${claim}`, name: name.toLowerCase(), at: ["identity", "headers", "claims", claim] });
  }
  if (assertion) {
    const name = (assertion.header ?? ASSERTION_HEADER).toLowerCase();
    named.push({ kind: "the assertion", name, at: ["identity", "assertion", "header"] });
  }
  return named;
}

/** Reports header names that can't carry identity, or that two kinds of identity share. */
export function checkHeaders(document: PolicyDocument, identity: Identity | undefined): void {
  const kinds = new Map<string, string>();
  for (const { kind, name, at } of identityHeaders(identity)) {
    const code = refuseIdentityHeader(name);
    if (code === "header_reserved") document.report(code, at, `${name} means something else`, "a name of its own");
    if (code === "header_name") document.report(code, at, `"${name}" is no header name`, "letters, digits and dashes");
    const other = kinds.get(name);
    if (other) document.report("header_name", at, `${name} is also the header of ${other}`, "a name of its own");
    kinds.set(name, kind);
  }
}
