import { request } from "node:https";
import type { DemoFolder } from "./folder.ts";
import type { Step } from "./steps.ts";
import { stepHeader } from "./upstream.ts";

export interface Answer {
  readonly status: number;
  /** Of `x-postern-decision`; empty: none. */
  readonly decision: string;
}

const patienceMillis = 10_000;

/** Sends a step through the gateway, on a connection of its own; the certificate of the gateway is checked. */
export function send(step: Step, gatewayUrl: string, authority: string, { client }: DemoFolder): Promise<Answer> {
  const url = new URL(gatewayUrl);
  return new Promise((done, refuse) => {
    const call = request(
      {
        host: url.hostname,
        port: url.port,
        method: step.method ?? "GET",
        path: step.path,
        headers: {
          [stepHeader]: encodeURIComponent(step.title),
          ...step.headers,
          ...(step.token === undefined ? {} : { authorization: `Bearer ${step.token}` }),
          ...(step.body === undefined ? {} : { "content-length": String(Buffer.byteLength(step.body)) }),
        },
        ca: authority,
        ...(step.workload ? { cert: client.certificate, key: client.key } : {}),
        agent: false,
        timeout: patienceMillis,
      },
      (response) => {
        response.resume();
        response.on("end", () =>
          done({ status: response.statusCode ?? 0, decision: String(response.headers["x-postern-decision"] ?? "") }),
        );
        response.on("error", refuse);
      },
    );
    call.on("timeout", () => call.destroy(new Error("no answer in time")));
    call.on("error", refuse);
    call.end(step.body);
  });
}
