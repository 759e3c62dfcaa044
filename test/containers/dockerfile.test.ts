import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

test("images for another platform are made without emulation: only the builder's own platform runs anything", () => {
  const dockerfile = readFileSync("envoy/Dockerfile", "utf8");
  const stages = dockerfile.split(/^(?=FROM )/m).slice(1);
  const running = stages.filter((stage) => /^RUN /m.test(stage));
  assert.ok(stages.length > 4 && running.length > 0);
  for (const stage of running) assert.match(stage, /^FROM --platform=\$BUILDPLATFORM /);
});
