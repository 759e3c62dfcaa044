import type { PolicyDocument } from "./document.ts";
import { parseDuration } from "./units.ts";
import { hasGaps, type Partly, type WrittenPolicy, type WrittenRoute } from "./written-policy.ts";

type Policy = Partly<WrittenPolicy>;
type PlacePath = readonly (string | number)[];

const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** Reports what is required of tokens (sender constraints, step-up, proofs) in a way that has no effect or that nothing can fulfil. */
export function checkTokenRequirements(document: PolicyDocument, policy: Policy): void {
  const { issuers = [], dpop } = policy.identity ?? {};
  checkAge(document, dpop?.maxAge, 300 * SECOND, "1s to 5m", ["identity", "dpop", "maxAge"]);
  for (const [index, issuer] of issuers.entries()) {
    if (issuer?.senderConstrained === "mtls") checkCertificates(document, policy, ["identity", "issuers", index]);
  }
  for (const [index, route] of (policy.routes ?? []).entries()) {
    if (!route) continue;
    const at = ["routes", index];
    if (route.senderConstrained === "mtls") checkCertificates(document, policy, at);
    checkAge(document, route.stepUp?.maxAge, 30 * DAY, "1s to 720h", [...at, "stepUp", "maxAge"]);
    checkEffect(document, route, at);
  }
}

function checkCertificates(document: PolicyDocument, policy: Policy, at: PlacePath): void {
  if (policy.identity?.workloads || hasGaps(policy.identity ?? policy)) return;
  const message = "no client certificate is asked for";
  const expected = "`identity.workloads` with a trust bundle";
  document.report("token_requirement", [...at, "senderConstrained"], message, expected);
}

/** Without a token there is no sender to constrain, and no user to ask for more. */
function checkEffect(document: PolicyDocument, route: Partly<WrittenRoute>, at: PlacePath): void {
  if (hasGaps(route)) return;
  const grants = (route.allow ?? []).filter((grant) => grant !== undefined);
  const withToken = grants.filter((grant) => "issuer" in grant).length;
  if (route.senderConstrained && withToken === 0) {
    const message = "no grant of this route asks for a token";
    document.report("token_requirement", [...at, "senderConstrained"], message, "a grant with `issuer`", "key");
  }
  if (route.stepUp && (withToken === 0 || withToken < grants.length)) {
    const message = "a grant without a token has no user who could authenticate again";
    document.report("token_requirement", [...at, "stepUp"], message, "`issuer` in every grant of this route", "key");
  }
}

function checkAge(
  document: PolicyDocument,
  text: string | undefined,
  mostMs: number,
  expected: string,
  at: PlacePath,
): void {
  if (text === undefined) return;
  const age = parseDuration(text);
  if (age !== null && age >= SECOND && age <= mostMs && age % SECOND === 0) return;
  document.report("out_of_range", at, `age ${text}`, `whole seconds, ${expected}`);
}
