import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { projectRoot as root } from "../project-root.ts";
import { digestOf, isStamped, writeStamp } from "./stamp.ts";

const source = join(root, "inference-sidecar");
const output = join(root, "build/inference-sidecar");
const stamp = join(root, "build/inference-sidecar.stamp");
const sources = [source, join(root, "package-lock.json"), fileURLToPath(import.meta.url)];

/** What the bundle reads at run time from its own folder. */
const COMPANIONS = {
  "postern.proto": join(source, "proto/postern.proto"),
  "ext-authz.proto": join(source, "proto/ext-authz.proto"),
  "health.proto": join(root, "node_modules/grpc-health-check/proto/health/v1/health.proto"),
  "page.css": join(source, "src/dashboard/page.css"),
  "page.mjs": join(source, "src/dashboard/page.mjs"),
  "ort-wasm-simd-threaded.wasm": join(root, "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"),
};

/** Names that the bundled CommonJS packages expect. */
export const COMMONJS_NAMES = `import { createRequire as requireOf } from "node:module";
const require = requireOf(import.meta.url);
const __dirname = import.meta.dirname ?? require("node:path").dirname(require("node:url").fileURLToPath(import.meta.url));`;

/**
 * Bundles the sidecar into build/inference-sidecar, which runs without node_modules; nothing is done when no source has
 * changed. Each file is put in place by a rename: builds at the same time do not disturb each other.
 * @returns the path of main.mjs
 */
export async function buildSidecar(report: (line: string) => void = () => undefined): Promise<string> {
  const main = join(output, "main.mjs");
  const digest = await digestOf(sources);
  if ((await isStamped(stamp, digest)) && existsSync(main)) return main;
  report("bundling the sidecar …");
  await mkdir(output, { recursive: true });
  const { outputFiles } = await build({
    entryPoints: { main: join(source, "src/main.ts"), "model-worker": join(source, "src/model-worker.ts") },
    outdir: output,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "esm",
    legalComments: "linked",
    alias: {
      "@grpc/proto-loader": join(root, "node_modules/@grpc/proto-loader"),
      // It evaluates code that names the module's own variables, which a bundle renames, but not in a CommonJS module.
      "ordered-binary": join(root, "node_modules/ordered-binary/dist/index.cjs"),
    },
    banner: { js: COMMONJS_NAMES },
    plugins: [healthProtoBeside, storeBeside],
  });
  for (const { path, contents } of outputFiles) await place(path, contents);
  const companions = { ...COMPANIONS, ...(await storeAddons()) };
  for (const [name, from] of Object.entries(companions)) await place(join(output, name), await readFile(from));
  await writeStamp(stamp, digest);
  return main;
}

/** grpc-health-check reads its .proto relative to its own file, which a bundle no longer has. */
const healthProtoBeside: Plugin = {
  name: "health-proto-beside",
  setup({ onLoad }) {
    onLoad({ filter: /grpc-health-check.build.src.health\.js$/ }, async ({ path }) => {
      const code = await readFile(path, "utf8");
      const contents = code
        .replace("'health/v1/health.proto'", "'health.proto'")
        // biome-ignore lint/suspicious/noTemplateCurlyInString: that is the text to be replaced
        .replace("`${__dirname}/../../proto`", "__dirname")
        .replace(/^exports\.protoPath = .*$/m, "");
      return { contents, loader: "js" };
    });
  },
};

/** The store's native part, `lmdb-ARCHITECTURE.node`, for each platform whose package is installed. */
async function storeAddons(): Promise<Record<string, string>> {
  const packages = join(root, "node_modules/@lmdb");
  const platforms = (await readdir(packages)).filter((name) => name.startsWith("lmdb-linux-"));
  return Object.fromEntries(
    platforms.map((name) => [`${name.replace("-linux", "")}.node`, join(packages, name, "node.napi.glibc.node")]),
  );
}

/** lmdb looks for its native part in node_modules, which a bundle no longer has. */
const storeBeside: Plugin = {
  name: "store-beside",
  setup({ onLoad }) {
    onLoad({ filter: /node_modules.node-gyp-build-optional-packages.index\.js$/ }, () => ({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that is code of the bundle
      contents: "module.exports = () => require(`${__dirname}/lmdb-${process.arch}.node`);",
      loader: "js",
    }));
  },
};

/** Written beside and renamed: a build at the same time never shows half a file. */
async function place(path: string, contents: Uint8Array): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  await writeFile(beside, contents);
  await rename(beside, path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await buildSidecar());
