import assert from "node:assert/strict";
import { test } from "node:test";
import type { LadderParts } from "../../inference-sidecar/src/ladder/ladder.ts";
import { Ladder } from "../../inference-sidecar/src/ladder/ladder.ts";
import type { Move, RouteRecord } from "../../inference-sidecar/src/ladder/route-record.ts";
import { askedFor } from "../../inference-sidecar/src/ladder/steps.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import type { Tally } from "../../inference-sidecar/src/review/reviews.ts";
import { until } from "./harness.ts";

/** What the store has, and whether its disk is full. */
class MemoryTable {
  readonly stored = new Map<string, RouteRecord>();
  isFull = false;

  get(name: string): RouteRecord | undefined {
    return this.stored.get(name);
  }

  has(name: string): boolean {
    return this.stored.has(name);
  }

  entries(): [string, RouteRecord][] {
    return [...this.stored];
  }

  async put(name: string, record: RouteRecord): Promise<void> {
    const written = structuredClone(record);
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isFull) throw new Error("no space left on device");
    this.stored.set(name, written);
  }

  async remove(name: string): Promise<void> {
    this.stored.delete(name);
  }
}

function openLadder() {
  const table = new MemoryTable();
  const moves: Move[] = [];
  const judge = { bundle: "a", modelDeny: 500_000 };
  const log = {
    append: async (lines: readonly { move: Move }[]) => void moves.push(...lines.map(({ move }) => move)),
    sync: async () => undefined,
  };
  const none = { here: 0, above: 0 };
  const reviews = { tally: () => ({ benign: none, attacks: none, refused: new Map() }) };
  const parts = { table, log, reviews, synced: { set: async () => undefined }, judge: () => judge };
  const ladder = new Ladder(parts as unknown as LadderParts);
  const follow = async (...routes: string[]) => {
    const { policy } = await parsePolicy(`version: 1\nroutes:\n${routes.join("")}`, "policy.yaml");
    await ladder.follow({ digest: "d", policy } as Parameters<Ladder["follow"]>[0]);
  };
  /** Decisions of a route that let their requests in, a millisecond from now. */
  const count = (route: string, requests: number) => {
    const time = new Date(Date.now() + 1).toISOString();
    const decided = { route, rung: "detect", effect: "permit", reason: "permitted", wouldDeny: null, time };
    for (let i = 0; i < requests; i++) ladder.count(decided as Parameters<Ladder["count"]>[0]);
  };
  const evidence = (route: string) => ladder.get(route)?.record.evidence.requests;
  return { ladder, table, moves, judge, follow, count, evidence };
}

const route = (name: string, more = "mode: detect", path = `/${name}`) =>
  `  - { name: ${name}, match: { path: "${path}" }, public: true, ladder: { floor: observe, ceiling: adapt, promote: auto }, ${more} }\n`;

test("a full disk ends nothing: what could not be stored or taken is tried again, and closing goes on", async (t) => {
  const { ladder, table, moves, follow, count } = openLadder();
  t.after(() => ladder.close());
  await follow(route("a"), route("b"));
  table.isFull = true;
  count("a", 1);
  count("b", 2_995);
  // Two routes at once: the first is stored while the second takes a step. Unhandled, its failure would end this process.
  await assert.rejects(ladder.reviewed("a"), /no space left/);
  await assert.rejects(ladder.reviewed("a"), /no space left/);
  assert.equal(moves.length, 0);
  table.isFull = false;
  await until("all is stored", async () => table.get("a")?.evidence.requests === 1 && moves.length === 1);
  assert.deepEqual([moves[0]?.route, moves[0]?.kind], ["b", "canary"]);
  table.isFull = true;
  count("a", 1);
  await ladder.close();
});

test("another model begins evidence anew also on a route that the policy had begun anew", async (t) => {
  const { ladder, judge, follow, count, evidence } = openLadder();
  t.after(() => ladder.close());
  await follow(route("shop", "mode: observe"));
  await follow(route("shop"));
  count("shop", 2_990);
  assert.equal(evidence("shop"), 2_990);
  judge.bundle = "b";
  await ladder.judgedAnew();
  assert.equal(evidence("shop"), 0);
});

test("evidence is of what the route asked: an edit of its path or its score begins it anew, a pin stays", async (t) => {
  const { ladder, moves, follow, count, evidence } = openLadder();
  t.after(() => ladder.close());
  await follow(route("shop", "mode: detect, score: off"));
  await ladder.move("shop", { kind: "user" }, ({ record }) => ({ kind: "pin", next: { ...record, pinned: true } }));
  count("shop", 2_994);
  await follow(route("shop", "mode: detect, score: off"), route("other"));
  assert.equal(evidence("shop"), 2_994, "the same is asked there");
  await follow(route("shop", "mode: detect, score: { ask: always }", "/**"));
  assert.deepEqual([evidence("shop"), ladder.get("shop")?.record.pinned], [0, true]);
  await ladder.move("shop", { kind: "user" }, ({ record }) => ({
    kind: "release",
    next: { ...record, pinned: false },
  }));
  count("shop", 1);
  await ladder.reviewed("shop");
  assert.deepEqual(
    moves.map(({ kind }) => kind),
    ["pin", "release"],
  );
});

test("a refitted threshold that falls with its model, or with what the route asks, is a move of the log", async (t) => {
  for (const change of ["model", "policy"]) {
    const { ladder, table, moves, judge, follow } = openLadder();
    t.after(() => ladder.close());
    await follow(route("shop", "mode: adapt"));
    const refitted = { modelDeny: 590_000 };
    await ladder.move("shop", { kind: "evidence" }, ({ record }) => ({
      kind: "refit",
      next: { ...record, ...refitted },
    }));
    if (change === "policy") await follow(route("shop", "mode: adapt, score: { ask: always }"));
    else {
      judge.bundle = "b";
      await ladder.judgedAnew();
    }
    assert.deepEqual(
      moves.map(({ kind, modelDeny }) => [kind, modelDeny]),
      [
        ["refit", 590_000],
        ["refit", 0],
      ],
      change,
    );
    assert.deepEqual([table.get("shop")?.modelDeny, table.get("shop")?.unlogged], [0, null]);
  }
});

test("denials that nobody has reviewed, however many, do not keep a route up that denies benign requests", () => {
  const budget = 0.001;
  const ladder = { floor: "detect", ceiling: "prevent", promote: "propose", days: 1, budget } as const;
  const none = { here: 0, above: 0 };
  const benign = (count: number): Tally => ({
    benign: { here: count, above: count },
    attacks: none,
    refused: new Map([["ada", Array.from({ length: count }, () => 900_000)]]),
  });
  const record = (passed: number, denied: number): RouteRecord => {
    const evidence = { since: "", requests: passed + denied, admitted: passed + denied, here: denied, above: denied };
    const start = { canary: null, proposed: null, pinned: false, modelDeny: 0, unlogged: null };
    return { route: "a", mode: "detect", rung: "prevent", evidence: { ...evidence, days: 1, lastDay: "" }, ...start };
  };
  for (const denied of [6, 6_006, 600_006])
    assert.equal(askedFor(record(1_500, denied), ladder, benign(6), 1), "detect");
  // What was let in counts: six of so many are within the budget.
  assert.equal(askedFor(record(7_500, 6), ladder, benign(6), 1), null);
  assert.equal(askedFor(record(0, 2), ladder, benign(2), 1), null);
});
