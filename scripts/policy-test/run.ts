import { compilePolicy } from "../../inference-sidecar/src/policy/compile.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { type AskModel, type Core, type Evaluation, type Gate, loadCore } from "../core.ts";
import { secretsOf } from "../gateway/policy-force.ts";
import { evaluationRequest } from "./case-request.ts";
import type { Expectation, PolicyCase } from "./cases.ts";
import { StandIn } from "./stand-in.ts";

/** A decision in the words of an expectation. */
export type Decided = Required<Expectation>;

export interface Difference {
  readonly field: keyof Decided;
  readonly expected: string | number | null;
  readonly got: string | number | null;
}

export interface CaseResult {
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly passed: boolean;
  readonly got: Decided;
  /** Empty: all is as expected. */
  readonly differences: readonly Difference[];
}

/** Judges every case with the compiled filter, each as if it were alone. */
export async function runCases(policy: Policy, cases: readonly PolicyCase[]): Promise<CaseResult[]> {
  const core = await loadCore();
  const standIn = new StandIn();
  // A token as it stands is verified with the issuer's own keys, one given by its claims with the stand-in's.
  const own = standIn.withApiKeys(policy);
  const gates = { own: openGate(core, own), standIn: openGate(core, standIn.policy(own)) };
  let shipped: AskModel | undefined;
  const askShipped: AskModel = async (question) => {
    shipped ??= await (await import("../model/shipped-model.ts")).loadShippedModel();
    return shipped(question);
  };
  const results: CaseResult[] = [];
  const now = Date.now();
  for (const { request, ...item } of cases) {
    const at = request.at === undefined ? now : Date.parse(request.at);
    const { token = null } = request;
    const asItStands = token === null || typeof token === "string";
    const sent = asItStands ? token : await standIn.token(token, policy, at);
    const ask: AskModel = request.model === "unavailable" ? async () => "unavailable" : askShipped;
    const gate = asItStands ? gates.own : gates.standIn;
    const apiKey = request.apiKey === undefined ? null : standIn.apiKey(request.apiKey);
    const credentials = { token: sent, apiKey, keyHeader: policy.apiKeys.header };
    const got = decided(await gate.decide(evaluationRequest(request, credentials, at), ask));
    results.push(resultOf(item, got));
  }
  return results;
}

function openGate(core: Core, policy: Policy): Gate {
  return core.openGate(compilePolicy(policy).blob, secretsOf(policy));
}

function decided({ verdict, route, grant, token }: Evaluation): Decided {
  const { effect, status, reason, wouldDeny } = verdict;
  return { effect, status, reason, route, grant: grant || null, wouldDeny, token };
}

function resultOf({ expect, ...place }: Omit<PolicyCase, "request">, got: Decided): CaseResult {
  const fields = Object.keys(expect) as (keyof Decided)[];
  const differences = fields
    .filter((field) => expect[field] !== got[field])
    .map((field) => ({ field, expected: expect[field] ?? null, got: got[field] }));
  return { ...place, passed: differences.length === 0, got, differences };
}
