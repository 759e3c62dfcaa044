import { DEFAULT_KEY_HEADER } from "./api-key-check.ts";
import type { PolicyDocument } from "./document.ts";
import { refuseGrantHeader } from "./header-name.ts";
import { identityHeaders } from "./identity-headers.ts";
import { hasGaps, type Partly, type WrittenBounds, type WrittenGrant, type WrittenPolicy } from "./written-policy.ts";

type Grant = Partly<WrittenGrant>;
type GrantPath = readonly (string | number)[];

/** Reports claims and headers of a grant that can't be asked for, or that nothing can have. */
export function checkConditions(
  document: PolicyDocument,
  policy: Partly<WrittenPolicy>,
  grant: Grant,
  at: GrantPath,
): void {
  for (const [name, test] of Object.entries(grant.claims ?? {})) {
    if (isBounds(test)) checkBounds(document, test, [...at, "claims", name]);
  }
  checkIssuerClaim(document, policy, grant, [...at, "claims", "iss"]);
  const keyHeader = (policy.identity?.apiKeys?.header ?? DEFAULT_KEY_HEADER).toLowerCase();
  const keys = policy.identity?.apiKeys ? [keyHeader] : [];
  const stripped = identityHeaders(policy.identity).map(({ name }) => name);
  const names = new Set<string>();
  for (const written of Object.keys(grant.headers ?? {})) {
    const name = written.toLowerCase();
    const place = [...at, "headers", written];
    const code = refuseGrantHeader(name, [...stripped, ...keys]);
    if (code === "header_reserved") {
      document.report(
        code,
        place,
        `no grant can ask for ${name}`,
        "a header that clients may send in the open, and Envoy leaves as it is",
        "key",
      );
    } else if (code === "header_name" || names.has(name)) {
      document.report("header_name", place, `"${written}"`, "a header name of its own: letters, digits, dashes", "key");
    }
    names.add(name);
  }
}

type Test = WrittenBounds & { prefix?: string };

function isBounds(test: unknown): test is Test {
  return typeof test === "object" && test !== null && !Array.isArray(test);
}

function checkBounds(document: PolicyDocument, test: Test, at: GrantPath): void {
  const { prefix, atLeast, above, atMost, below } = test;
  const least = Math.max(atLeast ?? Number.NEGATIVE_INFINITY, above ?? Number.NEGATIVE_INFINITY);
  const most = Math.min(atMost ?? Number.POSITIVE_INFINITY, below ?? Number.POSITIVE_INFINITY);
  const touching = least === most && (least === above || most === below);
  if (prefix !== undefined && (Number.isFinite(least) || Number.isFinite(most))) {
    document.report("grant_unsatisfiable", at, "no value is both text and a number", "`prefix` or bounds");
  } else if (least > most || touching) {
    document.report("grant_unsatisfiable", at, "no number is within these bounds", "bounds that leave a number");
  }
}

/** The `iss` of a token is the issuer's, whatever a grant would like it to be. */
function checkIssuerClaim(document: PolicyDocument, policy: Partly<WrittenPolicy>, grant: Grant, at: GrantPath): void {
  const wanted = grant.claims?.iss;
  const issuer = policy.identity?.issuers?.find((one) => one?.name === grant.issuer)?.issuer;
  if (wanted === undefined || issuer === undefined) return;
  const isMet = isBounds(wanted)
    ? hasGaps(wanted) || (wanted.prefix !== undefined && issuer.startsWith(wanted.prefix))
    : [wanted].flat().includes(issuer);
  if (isMet) return;
  document.report("grant_unsatisfiable", at, `tokens of this issuer have the iss "${issuer}"`, "no claim `iss`");
}
