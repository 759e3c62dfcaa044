import { setTimeout as sleep } from "node:timers/promises";
import { adminPage } from "./envoy-admin.ts";

/** Within it the records of what was answered last reach the sidecar: a batch goes every 0.2 s. */
const lastBatchMillis = 400;

/** Before an Envoy is ended: it takes no connection any more, closes each behind its next answer, and hands its records over. */
export async function drain(adminSocket: string): Promise<void> {
  const steps = ["/healthcheck/fail", "/drain_listeners?inboundonly"];
  const said = await Promise.all(steps.map((path) => adminPage(adminSocket, path, "POST")));
  if (said.some((text) => text !== null)) await sleep(lastBatchMillis);
}
