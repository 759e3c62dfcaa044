import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readBundle } from "../../inference-sidecar/src/bundle.ts";
import { digestOf } from "../build/stamp.ts";
import { projectRoot } from "../project-root.ts";

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly link?: boolean;
}

/** What goes into the module besides Postern's own sources. */
const builtFrom = ["assemblyscript"] as const;

/** What the module is made of: CycloneDX 1.6, the same for the same sources. */
export async function bomOf(module: Uint8Array, version: string): Promise<object> {
  const packages = await lockedPackages();
  const bundle = await readBundle(bundleFolder);
  const components = builtFrom.map((name) => {
    const { version = "", license, integrity = "" } = packages[`node_modules/${name}`] ?? {};
    const [algorithm = "", hash = ""] = integrity.split("-");
    return {
      type: "library",
      name,
      version,
      purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
      ...(license === undefined ? {} : { licenses: [{ license: { id: license } }] }),
      hashes: [{ alg: algorithm.replace("sha", "SHA-"), content: Buffer.from(hash, "base64").toString("hex") }],
    };
  });
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { type: "application", ...subject(module, version), licenses: apache } },
    components: [
      ...components,
      { type: "library", name: "proxy-wasm-as", version, licenses: apache },
      {
        type: "machine-learning-model",
        name: "postern-screen",
        version: bundle.digest.toString("hex").slice(0, 12),
        hashes: [{ alg: "SHA-256", content: bundle.digest.toString("hex") }],
      },
    ],
  };
}

/** Where the module comes from: an in-toto statement with SLSA provenance v1. Unsigned: whoever publishes it signs it. */
export async function provenanceOf(module: Uint8Array, digest: string, version: string): Promise<object> {
  const sources = ["filter", "asconfig.json", "models/bundle", "package-lock.json"];
  const dependencies = await Promise.all(
    sources.map(async (uri) => ({ uri, digest: { sha256: await digestOf([join(projectRoot, uri)]) } })),
  );
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: [
      { name: "postern.wasm", digest: { sha256: sha256(module) } },
      { name: "postern (image manifest)", digest: { sha256: digest.replace("sha256:", "") } },
    ],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: "urn:postern:build:filter:v1",
        externalParameters: { version, command: "postern render" },
        resolvedDependencies: dependencies,
      },
      runDetails: { builder: { id: "urn:postern:builder:local" } },
    },
  };
}

const apache = [{ license: { id: "Apache-2.0" } }];
const bundleFolder = join(projectRoot, "models", "bundle");

function subject(module: Uint8Array, version: string): object {
  return { name: "postern", version, hashes: [{ alg: "SHA-256", content: sha256(module) }] };
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

async function lockedPackages(): Promise<Record<string, LockedPackage>> {
  const lock = JSON.parse(await readFile(join(projectRoot, "package-lock.json"), "utf8"));
  return (lock as { packages: Record<string, LockedPackage> }).packages;
}
