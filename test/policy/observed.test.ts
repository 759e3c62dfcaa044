import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { draftFromLog } from "../../scripts/policy-init/observed.ts";

interface Seen {
  readonly shape: string;
  readonly method?: string;
  readonly requests?: number;
  readonly token?: string;
  readonly status?: number;
  readonly wouldDeny?: string;
}

/** Methods and paths of the routes that are drafted of a log which has seen this. */
async function drafted(seen: readonly Seen[]): Promise<string[]> {
  const state = await mkdtemp(join(tmpdir(), "observed-"));
  try {
    await mkdir(join(state, "log"));
    const lines = seen.flatMap(({ shape, method = "GET", requests = 1, token = "absent", status = 200, wouldDeny }) =>
      Array.from({ length: requests }, () => ({
        ...{ id: "1".repeat(32), method, shape, effect: "permit", reason: "permitted", wouldDeny: wouldDeny ?? null },
        ...{ subject: { token }, response: { status, bytes: 0, ended: null } },
      })),
    );
    const text = lines.map((line, index) => `${JSON.stringify({ n: index + 1, prev: "", ...line })}\n`).join("");
    await writeFile(join(state, "log", "decisions-2026-11-26-0001.jsonl"), text);
    const { routes } = await draftFromLog(state);
    return routes.map(({ methods, path, allow }) => `${methods.join()} ${path}${allow === null ? "" : " token"}`);
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

const letters = "abcdefghijklmnopqrst".split("");

test("names that come back are names, however many a service has; what is seldom seen is a value", async () => {
  const resources = letters.map((letter) => ({
    shape: `/api/${letter}`,
    requests: 9,
    token: letter === "a" ? "valid" : "absent",
  }));
  const users = letters.map((letter) => ({ shape: `/users/${letter}/orders` }));
  const routes = await drafted([...resources, ...users]);
  const names = letters.map((letter) => `GET /api/${letter}${letter === "a" ? " token" : ""}`);
  assert.deepEqual(routes, [...names, "GET /users/{id}/orders"]);
  const posts = letters.flatMap((one) => letters.map((other) => ({ shape: `/blog/${one}-${other}`, requests: 9 })));
  assert.deepEqual(await drafted(posts), ["GET /blog/{id}"], "more than a hundred are no names of a service");
});

test("what no policy would let through, or the upstream does not have, is no route", async () => {
  const routes = await drafted([
    { shape: "/a" },
    { shape: "/static/../etc/passwd", wouldDeny: "path_ambiguous" },
    { shape: "/b", status: 404 },
    { shape: "/a", method: "PUT", status: 405 },
    { shape: "/c", status: 403 },
    { shape: "/search", wouldDeny: "attack_scored" },
  ]);
  assert.deepEqual(routes, ["GET /a", "GET /c", "GET /search"]);
});

test("what is not kept of a long path is the rest of its route", async () => {
  const long = `/${letters.slice(0, 16).join("/")}`;
  assert.deepEqual(await drafted([{ shape: `${long}/**` }, { shape: long }]), [`GET ${long}`, `GET ${long}/**`]);
});
