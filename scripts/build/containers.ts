import { copyFile, mkdir, readdir, rm, symlink } from "node:fs/promises";
import { join, parse } from "node:path";
import { build } from "esbuild";
import { projectRoot } from "../project-root.ts";
import { buildFilter } from "./filter.ts";
import { buildSidecar, COMMONJS_NAMES } from "./sidecar.ts";

// What envoy/Dockerfile puts into the images: the filter, the sidecar, and each program of envoy/container as one file
// in build/container that needs no node_modules.
const source = join(projectRoot, "envoy", "container");
const output = join(projectRoot, "build", "container");

await mkdir(output, { recursive: true });
// Where commands look for a state folder, the sidecar's.
const beside = join(output, "beside-sidecar");
await mkdir(beside, { recursive: true });
await rm(join(beside, ".postern"), { force: true });
await symlink("/var/lib/postern", join(beside, ".postern"));
const entries = (await readdir(source)).filter((name) => name.endsWith(".ts"));
await Promise.all([
  buildFilter(console.log),
  buildSidecar(console.log),
  build({
    entryPoints: Object.fromEntries(entries.map((name) => [parse(name).name, join(source, name)])),
    outdir: output,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    legalComments: "linked",
    banner: { js: COMMONJS_NAMES },
  }),
  // Read at run time, from beside the program.
  copyFile(join(projectRoot, "scripts", "demo", "policy.yaml"), join(output, "policy.yaml")),
  copyFile(join(source, "sidecar.mjs"), join(output, "sidecar.mjs")),
]);
