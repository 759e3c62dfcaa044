import { setTimeout as sleep } from "node:timers/promises";

/** Asks every 20 ms until the answer is true; false when `millis` have passed first. */
export async function waitUntil(ask: () => Promise<boolean>, millis: number): Promise<boolean> {
  const end = Date.now() + millis;
  for (;;) {
    if (await ask()) return true;
    if (Date.now() >= end) return false;
    await sleep(20);
  }
}
