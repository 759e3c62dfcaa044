import { setTimeout as sleep } from "node:timers/promises";

/** Asks until `holds` accepts the answer, which it gives; throws after `millis`. */
export async function eventually<T>(
  ask: () => T | Promise<T>,
  holds: (answer: T) => boolean,
  millis = 30_000,
): Promise<T> {
  const deadline = Date.now() + millis;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(answer)} after ${millis} ms`);
    await sleep(20);
  }
}
