import { isIP } from "node:net";
import { readBoundedText } from "../../inference-sidecar/src/policy/bounded-file.ts";
import { type Path, PolicyDocument } from "../../inference-sidecar/src/policy/document.ts";
import { nearestName } from "../../inference-sidecar/src/policy/nearest-name.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { PolicyError } from "../../inference-sidecar/src/policy/problem.ts";
import { schemaCheck } from "../../inference-sidecar/src/policy/schema-check.ts";
import { reasonTexts } from "../decision-log/reasons.ts";
import casesSchema from "./cases.schema.json" with { type: "json" };

/** A request as the file describes it (`cases.schema.json`), the file's defaults filled in. */
export interface WrittenRequest {
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  readonly json?: unknown;
  readonly token?: string | WrittenToken;
  readonly apiKey?: string;
  readonly certificate?: string;
  readonly from?: string;
  readonly at?: string;
  readonly model?: "shipped" | "unavailable";
}

export interface WrittenToken {
  readonly issuer: string;
  readonly sub?: string;
  readonly scopes?: readonly string[];
  readonly audience?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly boundTo?: string;
  readonly algorithm?: "ES256" | "RS256" | "HS256";
}

/** What must be so; what is left out may be anything. Null: none. */
export interface Expectation {
  readonly effect?: "permit" | "deny";
  readonly status?: number;
  readonly reason?: string;
  readonly route?: string | null;
  readonly grant?: string | null;
  readonly wouldDeny?: string | null;
  readonly token?: string;
}

export interface PolicyCase {
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly request: WrittenRequest;
  readonly expect: Expectation;
}

interface WrittenCases {
  readonly defaults?: WrittenRequest;
  readonly cases: readonly {
    readonly name: string;
    readonly request: WrittenRequest;
    readonly expect: Expectation | "permit" | "deny";
  }[];
}

/** RFC 9110, section 5.6.2. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** All but the tab. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;
/** Others Envoy answers with 400 (RFC 9112, section 3.2). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what no path has
const SENT_PATH = /^\/[^\u0000-\u0020#\u007f]*$/;
const MAXIMUM_FILE_BYTES = 4 * 1024 * 1024;
const checkCases = schemaCheck(casesSchema);

/** The cases of a file. @throws PolicyError with everything that is wrong with it, also names that the policy does not have */
export async function loadCases(file: string, policy: Policy): Promise<PolicyCase[]> {
  const document = new PolicyDocument(file, await readBoundedText(file, MAXIMUM_FILE_BYTES));
  checkCases(document);
  if (document.problems.length > 0) throw new PolicyError(document.problems);
  const { defaults = {}, cases } = document.data as WrittenCases;
  checkRequest(document, defaults, policy, ["defaults"]);
  const names = new Map<string, number>();
  for (const [index, { name, request, expect }] of cases.entries()) {
    const first = names.get(name);
    if (first === undefined) names.set(name, index);
    else
      document.report("duplicate_item", ["cases", index, "name"], `case ${first + 1} is also named so`, "another name");
    checkRequest(document, request, policy, ["cases", index, "request"]);
    if (typeof expect === "object") checkExpectation(document, expect, policy, ["cases", index, "expect"]);
  }
  if (document.problems.length > 0) throw new PolicyError(document.problems);
  return cases.map(({ name, request, expect }, index) => ({
    name,
    ...document.locate(["cases", index, "name"]),
    request: withDefaults(request, defaults),
    expect: typeof expect === "string" ? { effect: expect } : expect,
  }));
}

/** A body of the request's own takes the place of the defaults', and a header that of one of the same name. */
function withDefaults(request: WrittenRequest, defaults: WrittenRequest): WrittenRequest {
  const { body, json, ...others } = defaults;
  const own = new Set(Object.keys(request.headers ?? {}).map((name) => name.toLowerCase()));
  const headers = Object.entries(defaults.headers ?? {}).filter(([name]) => !own.has(name.toLowerCase()));
  const hasBody = request.body !== undefined || request.json !== undefined;
  return {
    ...(hasBody ? others : defaults),
    ...request,
    headers: { ...Object.fromEntries(headers), ...request.headers },
  };
}

function checkRequest(document: PolicyDocument, request: WrittenRequest, policy: Policy, at: Path): void {
  const { token, from, path = "/", body, json, certificate } = request;
  if (!SENT_PATH.test(path)) {
    const message = `"${path}" can't be sent as a path`;
    document.report("wrong_syntax", [...at, "path"], message, "one that begins with /, without spaces and #");
  }
  if (certificate !== undefined && policy.workloads.trustBundle === null) {
    const message = "the gateway asks no client for a certificate";
    document.report("workload_identity", [...at, "certificate"], message, "`identity.workloads` in the policy", "key");
  }
  if (typeof token === "object") {
    const issuers = policy.issuers.map(({ name }) => name);
    known(document, "unknown_issuer", token.issuer, issuers, "issuer of the policy", [...at, "token", "issuer"]);
  }
  const keys = policy.apiKeys.keys.map(({ name }) => name);
  known(document, "unknown_api_key", request.apiKey, keys, "API key of the policy", [...at, "apiKey"]);
  checkHeaders(document, request.headers ?? {}, [...at, "headers"]);
  if (from !== undefined && isIP(from) === 0) {
    document.report("wrong_syntax", [...at, "from"], `"${from}" is no IP address`, "such as 10.0.0.7 or 2001:db8::7");
  }
  if (body !== undefined && json !== undefined) {
    document.report("wrong_value", [...at, "json"], "the request has a body already", "`body` or `json`", "key");
  }
}

/** What Envoy would answer with 400 by itself is no question to the policy, as with paths. */
function checkHeaders(document: PolicyDocument, headers: NonNullable<WrittenRequest["headers"]>, at: Path): void {
  for (const [name, values] of Object.entries(headers)) {
    const place = [...at, name];
    if (!HEADER_NAME.test(name)) {
      document.report("header_name", place, `"${name}" is no header name (RFC 9110)`, "a token such as x-site", "key");
    } else if ([values].flat().some((value) => CONTROL.test(value))) {
      document.report("wrong_syntax", place, `a value of ${name} holds a control character`, "text that can be sent");
    }
  }
}

function checkExpectation(document: PolicyDocument, expect: Expectation, policy: Policy, at: Path): void {
  const reasons = Object.keys(reasonTexts);
  const routes = policy.routes.map(({ name }) => name);
  const inQuestion = policy.routes.filter(({ name }) => expect.route === undefined || name === expect.route);
  const grants = inQuestion.flatMap(({ allow, deny }) => [...allow, ...deny].map(({ id }) => id));
  const place = (field: keyof Expectation): Path => [...at, field];
  known(document, "wrong_value", expect.route, routes, "route of the policy", place("route"));
  if (expect.route === undefined || expect.route === null || routes.includes(expect.route)) {
    const whose = expect.route ? `grant of route ${expect.route}` : "grant of the policy";
    known(document, "wrong_value", expect.grant, grants, whose, place("grant"));
  }
  known(document, "wrong_value", expect.reason, ["permitted", ...reasons], "reason", place("reason"));
  known(document, "wrong_value", expect.wouldDeny, reasons, "reason", place("wouldDeny"));
  known(document, "wrong_value", expect.token, ["absent", "valid", ...reasons], "outcome of a token", place("token"));
}

function known(
  document: PolicyDocument,
  code: "unknown_issuer" | "unknown_api_key" | "wrong_value",
  name: string | null | undefined,
  names: readonly string[],
  what: string,
  at: Path,
): void {
  if (name === undefined || name === null || names.includes(name)) return;
  const nearest = nearestName(name, names);
  const some = names.length <= 8 ? `one of ${names.join(", ")}` : `a ${what}`;
  const expected = names.length === 0 ? `nothing here: there is no ${what}` : some;
  document.report(code, at, `no ${what} is "${name}"`, nearest ? `"${nearest}", which is the nearest` : expected);
}
