import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, readFile, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { parse } from "yaml";
import { loadPolicy } from "../../inference-sidecar/src/policy/load.ts";
import { main } from "../../scripts/cli.ts";
import { renderCompose } from "../../scripts/render/compose.ts";
import { missingForCompose } from "../harness/containers.ts";
import { runPostern } from "../harness/gateway.ts";
import { type ForeignPolicy, makeForeignPolicy } from "./foreign-policy.ts";

interface Service {
  readonly command?: readonly string[];
  readonly volumes: readonly (
    | string
    | { readonly source: string; readonly target: string; readonly read_only: boolean }
  )[];
  readonly ports: readonly { readonly host_ip: string; readonly target: number; readonly published: string }[];
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
  for (const folder of [place.folder, join(place.folder, "tls")]) assert.ok(isMounted(gateway, folder), folder);
  assert.ok(gateway.command?.includes(place.path) && gateway.command.includes("http://stock:3000"));
  assert.equal(sidecar.network_mode, "none");
  assert.ok(gateway.read_only && sidecar.read_only);
});

test("stacks in different folders are different projects, and none has itself as its upstream", async () => {
  const render = (out: string, ...flags: string[]) =>
    main(["render", place.path, "--target", "compose", "--out", join(place.folder, out), ...flags]);
  const names: string[] = [];
  for (const out of ["Till 7", "till-8", "postern"]) {
    assert.equal(await render(out), 0);
    names.push((parse(await readFile(join(place.folder, out, "compose.yaml"), "utf8")) as { name: string }).name);
  }
  assert.deepEqual(names, ["postern-till-7", "postern-till-8", "postern"]);
  for (const upstream of ["http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000", "http://127.9.9.9"]) {
    assert.equal(await render("refused", "--upstream", upstream), 2, upstream);
  }
});

test("links that a certificate leads through are mounted, a folder's name may have a dollar sign and a colon, IPv6 is listened on", async () => {
  const odd = join(place.folder, "a $HOME: odd");
  const policy = join(odd, "warehouse.yaml");
  await cp(place.path, policy);
  await cp(join(place.folder, "jwks.json"), join(odd, "jwks.json"));
  await cp(join(place.folder, "tls"), join(odd, "archive", "gate"), { recursive: true });
  await mkdir(join(odd, "tls"));
  // As certbot has them.
  for (const name of ["server.pem", "server.key", "ca.pem"])
    await symlink(`../archive/gate/${name}`, join(odd, "tls", name));
  const out = join(place.folder, "odd");
  assert.equal(await main(["render", policy, "--target", "compose", "--out", out, "--listen", "[::1]:8443"]), 0);
  const file = join(out, "compose.yaml");
  const { services } = parse(await readFile(file, "utf8")) as { services: { gateway: Service } };
  for (const folder of [odd, join(odd, "tls"), join(odd, "archive", "gate")])
    assert.ok(isMounted(services.gateway, folder.replaceAll("$", "$$$$")), folder);
  assert.equal(services.gateway.ports[0]?.host_ip, "::1");
  if (missing === null) {
    const { gateway } = (await accepted(file)) as { gateway: Service };
    assert.ok(JSON.stringify(gateway.command).replaceAll("$$", "$").includes(policy));
    assert.ok(gateway.volumes.some((one) => typeof one !== "string" && one.source.replaceAll("$$", "$") === odd));
  }
  assert.equal(await main(["render", policy, "--target", "compose", "--out", out, "--listen", "gate:8443"]), 2);
});

test("a folder that would hide what the containers have at its path is refused", async () => {
  const upstream = { upstream: null, listen: null, image: "", secondLock: false, report: () => undefined };
  const loaded = await loadPolicy(place.path);
  const rendered = (folder: string) => {
    const policyPath = join(folder, "policy.yaml");
    return renderCompose({ ...upstream, policyPath, loaded: { ...loaded, files: [policyPath] }, out: place.folder });
  };
  for (const folder of ["/", "/opt/postern", "/opt", "/run/postern", "/var/lib/postern"])
    await assert.rejects(rendered(folder), /would hide what the containers have there/, folder);
  for (const folder of ["/etc/postern", "/opt/postern-policy", "/opt/postern/policy", "/var/lib/postern-2"])
    await rendered(folder);
});

test("what the containers' user can't read is named: files, and folders that nobody else may enter", async () => {
  const rendered = async () => {
    const { output, ended } = runPostern(["render", place.path, "--target", "compose", "--out", dirname(file)]);
    assert.equal(await ended, 0, output());
    return output().match(/(?<=must be able to read ).*/g);
  };
  await chmod(place.folder, 0o711);
  await chmod(join(place.folder, "jwks.json"), 0o600);
  assert.deepEqual(await rendered(), [place.folder, join(place.folder, "jwks.json")]);
  await chmod(place.folder, 0o755);
  await chmod(join(place.folder, "jwks.json"), 0o644);
  assert.equal(await rendered(), null);
});

test("docker compose accepts it", { skip: missing ?? false }, async () => {
  assert.deepEqual(Object.keys(await accepted(file)).sort(), ["gateway", "sidecar"]);
});

/** The services as compose understands them. */
async function accepted(path: string): Promise<object> {
  const { stdout } = await promisify(execFile)("docker", ["compose", "--file", path, "config", "--format", "json"]);
  return (JSON.parse(stdout) as { services: object }).services;
}

function isMounted({ volumes }: Service, folder: string): boolean {
  return volumes.some(
    (one) => typeof one !== "string" && one.source === folder && one.target === folder && one.read_only,
  );
}
