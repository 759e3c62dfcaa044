import { setTimeout as sleep } from "node:timers/promises";
import { activeRequests, adminPage } from "./envoy-admin.ts";
import { waitUntil } from "./wait-until.ts";

/** How long what is under way may take to end. */
const patienceMillis = 5_000;
/** Within it the records of what was answered last reach the sidecar: a batch goes every 0.2 s. */
const lastBatchMillis = 400;

/**
 * Before an Envoy is ended: it takes no connection any more, answers what is under way, closes each connection behind its
 * next answer, and hands its records over.
 */
export async function drain(adminSocket: string): Promise<void> {
  const steps = ["/healthcheck/fail", "/drain_listeners?inboundonly"];
  const said = await Promise.all(steps.map((path) => adminPage(adminSocket, path, "POST")));
  if (said.every((text) => text === null)) return;
  const isIdle = async () => !(await activeRequests(adminSocket));
  const end = Date.now() + patienceMillis;
  // Meanwhile a request may begin on a connection that was open.
  do {
    await waitUntil(isIdle, end - Date.now());
    await sleep(lastBatchMillis);
  } while (Date.now() < end && !(await isIdle()));
}
