import { request } from "node:http";
import { MARK_HEADER, makeMark } from "./mark.ts";
import type { Probe } from "./probe.ts";

/** What the filter says of a probe (`filter/enforcement/self-test-reply.ts`). */
export interface ProbeAnswer {
  readonly policy: string;
  /** Empty: no route matched. */
  readonly route: string;
  /** 0 observe to 3 adapt. */
  readonly rung: number;
  readonly denied: boolean;
  /** Reason codes; `permitted` where there is none. */
  readonly reason: string;
  readonly access: string;
  readonly score: string;
}

/** On every response that the filter sees. */
const DECISION_HEADER = "x-postern-decision";
const ANSWER_MOST_BYTES = 4096;
const DEADLINE_MS = 5_000;

/**
 * Sends a probe to the socket. "unmarked": the filter judged it as an ordinary request; "inert": it did not judge it.
 * @throws Error nobody answers, or `signal` gave it up
 */
export function ask(
  socketPath: string,
  key: Uint8Array,
  probe: Probe,
  signal: AbortSignal,
): Promise<ProbeAnswer | "unmarked" | "inert"> {
  const { method, authority, path } = probe;
  const mark = makeMark(key, method, authority, path, Date.now());
  const headers = { ...probe.headers, host: authority, "user-agent": "postern-self-test", [MARK_HEADER]: mark };
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, headers, signal, agent: false }, (response) => {
      let text = "";
      response.setEncoding("latin1");
      response.on("data", (part: string) => {
        if (text.length < ANSWER_MOST_BYTES) text += part;
      });
      const otherwise = DECISION_HEADER in response.headers ? "unmarked" : "inert";
      const { [MARK_HEADER]: ofHead = "" } = response.headers;
      response.once("end", () => resolve(readAnswer(method === "HEAD" ? String(ofHead) : text) ?? otherwise));
      response.once("error", reject);
    });
    const giveUp = () => sent.destroy(Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" }));
    // No AbortSignal.timeout: that makes an error with its stack after each answer, too.
    const timer = setTimeout(giveUp, DEADLINE_MS);
    // Whatever Node takes for no response, such as one to CONNECT, ends here, too.
    sent.once("close", () => {
      clearTimeout(timer);
      reject(Object.assign(new Error("no answer"), { code: "ECONNRESET" }));
    });
    sent.once("error", reject);
    sent.end();
  });
}

/** null: it is no answer of the filter. */
function readAnswer(text: string): ProbeAnswer | null {
  try {
    const { policy, route, rung, denied, reason, access, score } = JSON.parse(text) as Record<string, unknown>;
    const texts = [policy, route, reason, access, score];
    if (!texts.every((each) => typeof each === "string") || typeof rung !== "number" || typeof denied !== "boolean") {
      return null;
    }
    return { policy, route, rung, denied, reason, access, score } as ProbeAnswer;
  } catch {
    return null;
  }
}
