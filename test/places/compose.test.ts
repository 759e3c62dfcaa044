import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { parse } from "yaml";
import { missingForCompose } from "../harness/containers.ts";
import { type ForeignPolicy, makeForeignPolicy } from "./foreign-policy.ts";

interface Service {
  readonly command?: readonly string[];
  readonly volumes: readonly string[];
  readonly network_mode?: string;
  readonly read_only: boolean;
  readonly build: { readonly context: string };
}

const missing = await missingForCompose();
let place: ForeignPolicy;
let file = "";

before(async () => {
  place = await makeForeignPolicy();
  file = join(await place.render("compose", "compose", "--upstream", "http://stock:3000"), "compose.yaml");
});

after(() => place?.remove());

test("the shipped stack without the demo, every folder of the policy mounted where it lies", async () => {
  const { services } = parse(await readFile(file, "utf8")) as { services: Record<string, Service> };
  assert.deepEqual(Object.keys(services), ["gateway", "sidecar"]);
  const { gateway, sidecar } = services as { gateway: Service; sidecar: Service };
  for (const folder of [place.folder, join(place.folder, "tls")])
    assert.ok(gateway.volumes.includes(`${folder}:${folder}:ro`));
  assert.ok(gateway.command?.includes(place.path) && gateway.command.includes("http://stock:3000"));
  assert.equal(sidecar.network_mode, "none");
  assert.ok(gateway.read_only && sidecar.read_only);
});

test("docker compose accepts it", { skip: missing ?? false }, async () => {
  const { stdout } = await promisify(execFile)("docker", ["compose", "--file", file, "config", "--format", "json"]);
  const { services } = JSON.parse(stdout) as { services: Record<string, unknown> };
  assert.deepEqual(Object.keys(services).sort(), ["gateway", "sidecar"]);
});
