import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { parse } from "yaml";
import { secondLock } from "../../envoy/render/second-lock.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import type { Policy } from "../../inference-sidecar/src/policy/policy.ts";
import { main } from "../../scripts/cli.ts";
import { UsageError } from "../../scripts/commands/usage-error.ts";
import { projectRoot } from "../../scripts/project-root.ts";
import { digestOf } from "../../scripts/render/earlier-rendering.ts";
import { parseImageName } from "../../scripts/render/image-name.ts";
import { manifests, TooLargeError } from "../../scripts/render/manifests.ts";
import { runPostern } from "../harness/gateway.ts";
import { makeIssuer } from "../harness/issuer.ts";
import { missingForKustomize } from "../harness/optional-tools.ts";

let folder = "";
let policy = "";

const withRoutes = (count: number, more = "") => `version: 1
mode: detect
${more}
routes:
${Array.from({ length: count }, (_, i) => `  - { name: route-${i}, match: { methods: [GET], path: "/things/${i}/{id}" }, public: true, score: headers }`).join("\n")}
`;
const hmac = `identity: { issuers: [{ name: partner, issuer: "https://p.example", audiences: [a], algorithms: [HS256], secret: { file: "./the partner's = a, secret" } }] }`;
const secret = "0123456789abcdef0123456789abcdef";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "render-"));
  policy = join(folder, "policy.yaml");
  await writeFile(policy, withRoutes(1));
  await writeFile(join(folder, "the partner's = a, secret"), `${secret}\r\n`);
});
after(() => rm(folder, { recursive: true, force: true }));

const render = (target: string, out: string, ...flags: string[]) =>
  main(["render", policy, "--target", target, "--out", join(folder, out), ...flags]);

test("a flag that has no effect on a target is refused, and so is what is no name of an image", async () => {
  for (const [target, ...flags] of [
    ["istio", "--listen", "0.0.0.0:8443"],
    ["compose", "--image", "registry.example/postern"],
    ["envoy", "--image", "registry.example/postern"],
    ["kubernetes", "--second-lock"],
    ["ext_authz", "--second-lock"],
    ["kubernetes", "--listen", "127.0.0.1:8443"],
    ["kubernetes", "--image", "registry.example/postern:1"],
  ] as [string, ...string[]][]) {
    assert.equal(await render(target, "refused", ...flags), 2, `${target} ${flags.join(" ")}`);
  }
  await assert.rejects(readdir(join(folder, "refused")));
});

test("names of images: a registry before the first slash, then small letters, no tag and no digest", () => {
  for (const name of [
    "postern",
    "edge/postern",
    "127.0.0.1:5000/edge/postern",
    "Registry.example/a_b/c-d",
    "[::1]:5000/x",
  ])
    assert.equal(parseImageName(name), name);
  for (const wrong of [
    "",
    "a/",
    "Edge/postern",
    "a:1",
    "a@sha256:00",
    "http://r.example/a",
    "r.example/A",
    "a b",
    "a/../b",
  ])
    assert.throws(() => parseImageName(wrong), UsageError, wrong);
});

test("rendered again, what only the rendering before wrote is removed, and nothing else", async () => {
  const out = join(folder, "again");
  assert.equal(await render("kubernetes", "again"), 0);
  const own = join(out, "envoy-gateway", "own.yaml");
  await writeFile(own, "kind: Mine\n");
  await writeFile(join(out, "base", "gateway.yaml"), "kind: Changed\n");
  await writeFile(join(folder, "outside.yaml"), "kept");
  // Whoever changes the list has no file outside removed.
  const list = join(out, ".postern-render");
  const written = JSON.parse(await readFile(list, "utf8"));
  const digest = digestOf("kept");
  await writeFile(
    list,
    JSON.stringify({ ...written, "../outside.yaml": digest, [join(folder, "outside.yaml")]: digest }),
  );
  const output = await renderedBy("compose", "again");
  assert.match(output, /removed, of an earlier rendering:[^:]*envoy-gateway\/extension\.yaml/);
  assert.match(output, /changed since, so still there[^:]*:\n {2}base\/gateway\.yaml\n/);
  assert.deepEqual((await readdir(out)).sort(), [".postern-render", "base", "compose.yaml", "envoy-gateway"]);
  assert.deepEqual(await readdir(join(out, "envoy-gateway")), ["own.yaml"]);
  assert.equal(await readFile(join(folder, "outside.yaml"), "utf8"), "kept");
});

test("a file of somebody else's is not replaced, and then nothing is written", async () => {
  const out = join(folder, "own");
  await mkdir(out);
  await writeFile(join(out, "README.md"), "Mine.\n");
  assert.equal(await render("kubernetes", "own"), 1);
  assert.deepEqual(await readdir(out), ["README.md"]);
  await rm(join(out, "README.md"));
  assert.equal(await render("kubernetes", "own"), 0);
  await writeFile(join(out, "README.md"), "Changed.\n");
  assert.equal(await render("kubernetes", "own"), 0, "one that was rendered is rendered anew");
});

test("files of a policy get names that a ConfigMap takes, and commands that a shell reads as they are meant", {
  skip: missingForKustomize() ?? false,
}, async () => {
  await writeFile(policy, withRoutes(1, hmac));
  const output = await renderedBy("kubernetes", "named");
  await writeFile(policy, withRoutes(1));
  const { identity } = parse(await readFile(join(folder, "named", "base", "policy", "policy.yaml"), "utf8"));
  assert.equal(identity.issuers[0].secret.file, "./the-partner-s---a--secret");
  const commands = output.split("\n").filter((line) => line.includes("create secret"));
  assert.equal(commands.length, 2);
  const [keys, proxy] = (await Promise.all(commands.map(dryRun))) as [Record<string, string>, Record<string, string>];
  assert.deepEqual(keys, { "the-partner-s---a--secret": `${secret}\r\n` });
  assert.deepEqual(proxy, { POSTERN_HS256_PARTNER: secret }, "without the end of the line, which an environment keeps");
});

test("a policy that a cluster can't hold is refused; many hundreds of routes are not too many", async () => {
  await writeFile(policy, withRoutes(1000));
  assert.equal(await render("istio", "many"), 0);
  await writeFile(policy, withRoutes(2000));
  assert.equal(await render("istio", "more"), 1);
  await assert.rejects(readdir(join(folder, "more")), "nothing is written");
  assert.match(
    await renderedBy("kubernetes", "most"),
    /not written: envoy-gateway\. ConfigMap \S+ would have \d+ bytes/,
  );
  await writeFile(policy, withRoutes(1));
  const config = (bytes: number) => ({ kind: "ConfigMap", metadata: { name: "a" }, data: { a: '"'.repeat(bytes) } });
  manifests(config(1_048_576));
  assert.throws(() => manifests(config(1_048_577)), TooLargeError);
});

test("what starts an Envoy is printed as it can be given here: by its path, where it is not on PATH", async () => {
  const named = async (environment: Record<string, string>) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(projectRoot, "scripts", "postern.mjs"), "render", policy, "--target", "envoy", "--out", join(folder, "e")],
      { env: { ...process.env, ...environment } },
    );
    return /^ {2}(\S*envoy) --disable-hot-restart /m.exec(stdout)?.[1];
  };
  const programs = join(folder, "programs");
  await mkdir(programs);
  for (const name of ["envoy", "other-envoy"]) await writeFile(join(programs, name), "#!/bin/sh\n", { mode: 0o755 });
  const path = `${programs}:${process.env.PATH}`;
  assert.equal(await named({ PATH: path, ENVOY_BIN: "" }), "envoy");
  assert.equal(await named({ PATH: path, ENVOY_BIN: join(programs, "other-envoy") }), join(programs, "other-envoy"));
});

test("every printed command can be given as it stands, from whatever folder it was rendered", async () => {
  const out = "it's an odd $HOME: folder";
  for (const [target, programs] of Object.entries({
    envoy: ["node", "envoy"],
    ext_authz: ["node", "envoy"],
    compose: ["docker compose"],
    istio: ["skopeo", "kubectl apply"],
    kubernetes: ["skopeo", "kubectl apply"],
  })) {
    const lines = (await renderedBy(target, out)).split("next:\n")[1]?.split("\n") ?? [];
    const commands = lines
      .map((line) => line.trim())
      .map((line) => line.replace(/^\/\S+\/envoy /, fromCache))
      .filter((line) => /^(cd|node|envoy|docker compose|skopeo|kubectl) /.test(line));
    for (const program of programs)
      assert.ok(
        commands.some((one) => one.startsWith(program)),
        `${target}: ${program}`,
      );
    // In the place of each program: whether there is what it was given. Explanations are behind six spaces.
    const given = `
      named() { test -e "$1" || { echo "$PWD: $1" >&2; exit 1; }; }
      node() { named "$3"; }; envoy() { named "$3"; }; docker() { named "$3"; }
      skopeo() { named "$(cut -d: -f2 <<<"$2")/oci-layout"; }
      kubectl() { shift $(($# - 1)); named "$1"; }
    `;
    const script = commands.map((line) => line.replace(/ {6}.*$/, "")).join("\n");
    await promisify(execFile)("bash", ["-ec", `${given}${script}`], { cwd: tmpdir() });
  }
});

/** Where `envoy` is not on PATH, the one that is there is named by its path. */
function fromCache(command: string): string {
  assert.ok(existsSync(command.trim()), command);
  return "envoy ";
}

/** As a command of its own, with what it said. */
async function renderedBy(target: string, out: string): Promise<string> {
  const { output, ended } = runPostern(["render", policy, "--target", target, "--out", join(folder, out)]);
  assert.equal(await ended, 0, output());
  return output();
}

/** What the secret would hold, made by a printed command without a cluster. */
async function dryRun(command: string): Promise<Record<string, string>> {
  const complete = command.trim().replace("<FILE", `<"${folder}/the partner's = a, secret"`);
  const [made = ""] = complete.split("   #");
  const { stdout } = await promisify(execFile)("bash", ["-c", `${made} --dry-run=client --output json`]);
  const { data } = JSON.parse(stdout) as { data: Record<string, string> };
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, Buffer.from(value, "base64").toString()] as const),
  );
}

test("the second lock asks no certificate of a workload that may show a token, nor anything where the ladder may come to observe", async () => {
  const { jwks } = await makeIssuer("https://issuer.example", "a", ["ES256"]);
  const { policy: read } = await parsePolicy(
    `version: 1
mode: detect
identity:
  issuers:
    - { name: main, issuer: "https://issuer.example", audiences: [a], algorithms: [ES256], jwks: { inline: ${jwks} } }
    - { name: mesh, trustDomain: edge.example, audiences: [a], algorithms: [ES256], jwks: { inline: ${jwks} } }
routes:
  - { name: peers, match: { path: /a }, allow: [{ workloads: ["spiffe://edge.example/*"] }], score: off }
  - { name: falls, match: { path: /c }, allow: [{ issuer: main }], ladder: { floor: observe, ceiling: prevent } }
  - { name: stays, match: { path: /d }, allow: [{ issuer: main }], ladder: { floor: detect, ceiling: prevent } }
`,
    policy,
  );
  const principals = (of: Policy) => {
    const { typed_config } = secondLock(of).at(-1) as {
      typed_config: { rules: { policies: Record<string, { principals: object[] }> } };
    };
    return (route: string) => typed_config.rules.policies[route]?.principals;
  };
  const any = { any: true };
  assert.deepEqual(principals(read)("peers"), [{ and_ids: { ids: [any] } }]);
  assert.deepEqual(principals(read)("falls"), [any]);
  assert.match(JSON.stringify(principals(read)("stays")), /issuer\.example/);
  const certificatesOnly = { ...read, issuers: read.issuers.filter(({ trustDomain }) => trustDomain === null) };
  const peer = { authenticated: { principal_name: { prefix: "spiffe://edge.example/" } } };
  assert.deepEqual(principals(certificatesOnly)("peers"), [{ and_ids: { ids: [any, { or_ids: { ids: [peer] } }] } }]);
});
