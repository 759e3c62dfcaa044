import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { reviewCommands } from "../../inference-sidecar/src/review/review-command.ts";
import { type Review, Reviews } from "../../inference-sidecar/src/review/reviews.ts";

const token = "ben-has-a-token-of-his-own";
const operators = [{ name: "ben", tokenSha256: createHash("sha256").update(token).digest("hex") }];

/** A store that holds so many reviews of ada. */
async function reviewsOf(count: number) {
  const time = new Date().toISOString();
  const event = { route: "shop", rung: "prevent", time, kinds: ["here"], modelScore: null } as const;
  const stored = Array.from({ length: count }, (_, index): Review => {
    return { id: index.toString(16).padStart(32, "0"), label: "benign", why: "a recipe", operator: "ada", time, event };
  });
  const table = {
    entries: () => stored.map((value) => [value.id, value] as [string, Review]),
    remove: async () => true,
    put: async () => true,
  };
  return Reviews.open(table as never);
}

test("where there is no room for another review, one can be withdrawn; the log says by whom, and whose it was", async () => {
  const reviews = await reviewsOf(10_000);
  const lines: { review?: Record<string, unknown> }[] = [];
  const { review } = reviewCommands({
    reviews,
    ladder: { operators, reviewed: async () => undefined } as never,
    log: { append: async (added: object[]) => lines.push(...added), sync: async () => undefined } as never,
    logDirectory: "nowhere",
  });
  const ask = (input: object) =>
    review?.(input as Record<string, unknown>, { token, signal: new AbortController().signal });
  await assert.rejects(
    async () => ask({ id: "f".repeat(32), label: "benign", why: "a recipe" }),
    /10000 reviews already/,
  );
  await ask({ id: "0".repeat(32), undo: true });
  assert.equal(reviews.get("0".repeat(32)), null);
  const [{ review: said } = {}] = lines;
  assert.deepEqual([said?.undone, said?.operator, said?.reviewer], [true, "ben", "ada"]);
});

test("a review counts for nothing whose caller left while its decision was looked for", async (t) => {
  const logDirectory = await mkdtemp(join(tmpdir(), "postern-reviews-"));
  t.after(() => rm(logDirectory, { recursive: true }));
  const id = "a".repeat(32);
  const shown = { effect: "deny", reason: "attack_scored", wouldDeny: null, score: { by: "model", value: 0.9 } };
  const decision = { id, route: "shop", rung: "prevent", time: "2026-01-01T00:00:00.000Z", selfTest: false, ...shown };
  await writeFile(
    join(logDirectory, "decisions-2026-01-01-0001.jsonl"),
    `${'{"v":1}\n'.repeat(1_000)}${JSON.stringify(decision)}\n`,
  );
  const lines: object[] = [];
  const reviews = await reviewsOf(0);
  const { review } = reviewCommands({
    reviews,
    ladder: { operators, reviewed: async () => undefined, asked: () => null } as never,
    log: { append: async (added: object[]) => lines.push(...added), sync: async () => undefined } as never,
    logDirectory,
  });
  const ask = (signal: AbortSignal) => review?.({ id, label: "benign", why: "a recipe" }, { token, signal });
  const gone = new AbortController();
  // The last thing before the search.
  t.mock.method(reviews, "admit", () => gone.abort(new Error("left")), { times: 1 });
  await assert.rejects(async () => ask(gone.signal), /left/);
  assert.deepEqual([lines, reviews.get(id)], [[], null]);
  await ask(new AbortController().signal);
  assert.equal(reviews.get(id)?.operator, "ben");
});
