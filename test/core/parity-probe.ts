import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { upstreamClusters } from "../../envoy/render/clusters.ts";
import { renderListener } from "../../envoy/render/listener.ts";
import type { EnvoyPlan, TlsPlan, UpstreamPlan } from "../../envoy/render/plan.ts";
import { MessageReader } from "../../inference-sidecar/src/core/message.ts";
import { SCREEN_SEGMENT_OFFSET, screenSegment } from "../../scripts/build/bundle.ts";
import { insertDataSegment } from "../../scripts/build/data-segment.ts";
import { compileFilter } from "../harness/compile-filter.ts";
import { startEnvoy, type TestEnvoy } from "../harness/envoy.ts";
import { bundleFolder } from "../models/shipped-path.ts";

/** What a filter in Envoy has seen of a request. */
export interface Seen {
  readonly peer: { readonly uri: string } | null;
  readonly headers: readonly (readonly [Uint8Array, Uint8Array])[];
  /** See `valuesDigests`. */
  readonly digest: Buffer;
}

/** An Envoy with the gateway's own listener, whose filter answers each request with what it saw. */
export async function startProbe(tls: TlsPlan, upstream: UpstreamPlan): Promise<TestEnvoy> {
  return startEnvoy(async (folder) => {
    const wasm = join(folder, "probe.wasm");
    await compileFilter("test/filter/entries/values-probe-entry.ts", wasm, ["--memoryBase", "589824"]);
    await writeFile(
      wasm,
      insertDataSegment(await readFile(wasm), SCREEN_SEGMENT_OFFSET, await screenSegment(bundleFolder)),
    );
    const plan: EnvoyPlan = {
      listen: { host: "127.0.0.1", port: 0 },
      tls,
      forwardClientCertificate: true,
      upstream,
      sidecarSocket: "",
      adminSocket: "",
      selfTestSocket: "",
      filterConfigFile: "",
      filterConfigFolder: folder,
      accessLog: "/dev/null",
      dashboard: null,
      egress: null,
      heapBytes: 512 * 1024 * 1024,
    };
    return {
      static_resources: { listeners: [probed(renderListener(plan), wasm)], clusters: upstreamClusters(upstream) },
    };
  });
}

/** The listener with the probe in place of Postern's filter. */
function probed(listener: object, wasm: string): object {
  const copy = structuredClone(listener) as {
    filter_chains: { filters: { typed_config: { http_filters: { name: string; typed_config?: object }[] } }[] }[];
  };
  const config = {
    name: "probe",
    root_id: "probe",
    allow_on_headers_stop_iteration: true,
    vm_config: { vm_id: "probe", runtime: "envoy.wasm.runtime.v8", code: { local: { filename: wasm } } },
  };
  const filter = { "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm", config };
  const filters = copy.filter_chains[0]?.filters[0]?.typed_config.http_filters ?? [];
  const at = filters.findIndex(({ name }) => name === "postern");
  filters.splice(at, 1, { name: "probe", typed_config: filter });
  return copy;
}

/** Reads the probe's header `x-seen`. */
export function readSeen(hex: string): Seen {
  const reader = new MessageReader(Buffer.from(hex, "hex"));
  const presented = reader.u32() === 1;
  const uri = reader.utf8();
  const headers = reader.list(() => [reader.bytes(), reader.bytes()] as const);
  return { peer: presented ? { uri } : null, headers, digest: Buffer.from(reader.bytes()) };
}
