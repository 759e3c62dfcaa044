import { ATTACK_CLASSES } from "../bundle.ts";
import { type Enforcement, readEnforcement } from "./enforcement.ts";
import { type Evaluation, type ModelScore, type Question, readEvaluation } from "./evaluation.ts";
import type { Instance, MessageFunction } from "./instance.ts";
import { MessageWriter } from "./message.ts";
import { type CoreRequest, writeRequest } from "./request.ts";

const MILLION = 1_000_000;
const BODY_KEPT = { whole: 0, missing: 1, cut: 2 } as const;

export interface EvaluationRequest extends CoreRequest {
  /** The client certificate of the connection, validated: its first URI name, SHA-256 of its DER. Absent: none was presented. */
  readonly peer?: { readonly uri?: string; readonly digest?: Uint8Array };
  /** `address:port` of the connection's other end, IPv6 in brackets. Absent: unknown. */
  readonly source?: string;
  /**
   * There is a body that the caller could not keep (`missing`), or that goes on behind what is given (`cut`): what would be
   * judged by more of it can't be inspected. Absent: it is whole.
   */
  readonly bodyKept?: keyof typeof BODY_KEPT;
  /**
   * Unix milliseconds at which it is judged, as if it were alone: the same request always gives the same, however long the
   * model takes. Absent: it is judged now; as in a worker of Envoy the deadline runs, and forged tokens draw on one budget.
   */
  readonly at?: number;
}

/** Asks the model; what it throws is given on to the caller, and counts as `unavailable`. */
export type AskModel = (question: Question) => Promise<readonly ModelScore[] | "unavailable">;

/** A policy in force. */
export interface Gate {
  /** All that the core can say by itself. */
  evaluate(request: EvaluationRequest): Evaluation;
  /** The final evaluation, the model being asked where it is needed: at most four times. */
  decide(request: EvaluationRequest, ask: AskModel): Promise<Evaluation>;
  /**
   * What is to be done about the request that was evaluated last, by the verdict so far. Nothing may come between.
   * @param decision its id, 32 hexadecimal digits
   */
  enforcement(decision: string, arrivedMillis: number, encrypted: boolean): Enforcement;
  /** Lets go of the policy. Open questions can still be answered. */
  close(): void;
}

/**
 * Opens a gate with what `compilePolicy` gives and the HS256 secrets by name of their environment variable.
 * @throws Error the policy is refused
 */
export function openGate(core: Instance, blob: Uint8Array, secrets: Readonly<Record<string, string>>): Gate {
  const { exports } = core;
  const names = Object.entries(secrets);
  const message = new MessageWriter(blob.length + 256).bytes(blob).u32(names.length);
  for (const [name, secret] of names) message.bytes(Buffer.from(name)).bytes(Buffer.from(secret));
  const handle = core.call(exports.openGate, message.finish());
  if (handle === 0) throw new Error(`policy refused: ${Buffer.from(core.read(exports.policyRefusal())).toString()}`);
  let closed = false;

  function evaluation(moduleFunction: MessageFunction, message: Uint8Array): Evaluation {
    const reader = core.ask(moduleFunction, message);
    const question = reader.u32();
    return readEvaluation(reader, (findings, deadlineMillis) => {
      let answered = false;
      const answer = (scores: readonly ModelScore[] | "unavailable") => {
        if (answered) throw new Error("the question was answered before");
        const encoded = encodeScores(scores, findings.length);
        answered = true;
        return evaluation((pointer) => exports.answerQuestion(question, pointer), encoded);
      };
      return { findings, deadlineMillis, answer };
    });
  }

  function evaluate(request: EvaluationRequest): Evaluation {
    if (closed) throw new Error("the gate was closed");
    const { peer, at, source = "" } = request;
    const message = new MessageWriter().u32(Number(peer !== undefined)).bytes(Buffer.from(peer?.uri ?? ""));
    message.bytes(peer?.digest ?? new Uint8Array(0)).bytes(Buffer.from(source));
    const live = at === undefined;
    return evaluation(
      (pointer) => exports.evaluate(handle, at ?? Date.now(), live, pointer),
      writeRequest(message, request)
        .u32(BODY_KEPT[request.bodyKept ?? "whole"])
        .finish(),
    );
  }

  return {
    evaluate,
    enforcement: (decision, arrivedMillis, encrypted) => {
      const about = (pointer: number) => exports.enforcement(arrivedMillis, encrypted, pointer);
      return readEnforcement(core.ask(about, Buffer.from(decision)));
    },
    decide: async (request, ask) => {
      let result = evaluate(request);
      for (let { question } = result; question !== null; { question } = result) {
        let scores: readonly ModelScore[] | "unavailable";
        try {
          scores = await ask(question);
        } catch (error) {
          question.answer("unavailable");
          throw error;
        }
        result = question.answer(scores);
      }
      return result;
    },
    close: () => {
      closed = true;
      exports.closeGate(handle);
    },
  };
}

function encodeScores(scores: readonly ModelScore[] | "unavailable", expected: number): Uint8Array {
  const message = new MessageWriter();
  if (scores === "unavailable") return message.finish();
  if (scores.length !== expected) throw new RangeError(`${scores.length} scores for ${expected} findings`);
  for (const { millionths, attackClass, surprisalMillibits = 0, usualMillibits = 0 } of scores) {
    if (!(Number.isInteger(millionths) && millionths >= 0 && millionths <= MILLION))
      throw new RangeError(`no score: ${millionths}`);
    message.u32(millionths).u32(ATTACK_CLASSES.indexOf(attackClass)).u32(surprisalMillibits).u32(usualMillibits);
  }
  return message.finish();
}
