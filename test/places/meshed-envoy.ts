import { join } from "node:path";
import { type EnvoyOptions, startEnvoy, type TestEnvoy } from "../harness/envoy.ts";
import { readJson } from "./foreign-policy.ts";
import type { Manifest } from "./manifests.ts";

export interface Patch {
  readonly applyTo: string;
  readonly match: { readonly context: string };
  readonly patch: { readonly value: Record<string, unknown> };
}

export const patchesOf = ({ spec }: Manifest) => (spec as { configPatches: Patch[] }).configPatches;
export const patchValue = (patches: readonly Patch[], kind: string) =>
  patches.find(({ applyTo }) => applyTo === kind)?.patch.value;

/**
 * The Envoy of a folder that was rendered for Envoy, with filter and listener for the self-test as the patches have them in
 * the place of its own.
 * @param cluster the sidecar's, as the mesh names it
 */
export async function startMeshedEnvoy(
  out: string,
  patches: readonly Patch[],
  cluster: string,
  options: EnvoyOptions = {},
): Promise<TestEnvoy> {
  const { name, typed_config: config } = patchValue(patches, "EXTENSION_CONFIG") as {
    name: string;
    typed_config: object;
  };
  const { typed_config: manager } = patchValue(patches, "NETWORK_FILTER") as { typed_config: Record<string, unknown> };
  // Where an agent would have put it.
  const module = { local: { filename: join(out, "postern.wasm") } };
  const meshed = (rendered: unknown) =>
    JSON.parse(JSON.stringify(rendered), (key, value) => {
      if (key === "http_filters") return [{ name, typed_config: config }, value.at(-1)];
      if (key === "typed_config" && value["@type"] === manager["@type"]) return { ...value, ...manager };
      return value === "postern_sidecar" ? cluster : value;
    });
  const selfTest = meshed(patchValue(patches, "LISTENER"));
  selfTest.address.pipe.path = join(out, "run", "self-test.sock");
  const bootstrap = meshed(await readJson(join(out, "envoy.json")));
  const resources = bootstrap.static_resources as { listeners: { name: string }[] };
  resources.listeners = resources.listeners.map((one) => (one.name === selfTest.name ? selfTest : one));
  return startEnvoy(
    () => JSON.parse(JSON.stringify(bootstrap), (key, value) => (key === "code" ? module : value)),
    options,
  );
}
