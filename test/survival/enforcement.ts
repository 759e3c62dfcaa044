import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderBootstrap } from "../../envoy/render/bootstrap.ts";
import type { EnvoyPlan } from "../../envoy/render/plan.ts";
import { parsePolicy } from "../../inference-sidecar/src/policy/load.ts";
import { buildFilter } from "../../scripts/build/filter.ts";
import { filterState } from "../../scripts/gateway/envoy-admin.ts";
import { writePolicy } from "../../scripts/gateway/policy-force.ts";
import { startEnvoy, type TestEnvoy } from "../harness/envoy.ts";
import { eventually } from "../harness/eventually.ts";

export interface EnforcementOptions {
  readonly upstream: URL;
  /** YAML without files. */
  readonly policy: string;
  /** Another build of the filter. */
  readonly wasmFile?: string;
  /** Puts policies where Envoy reads them; default: as this release does, with that build. */
  readonly write?: PolicyWriter;
  /** Envoy's worker threads; default 1. */
  readonly workers?: number;
  /** postern.v1.SyncResponse that was left by a sidecar. */
  readonly syncState?: Buffer;
  /** Of an upload, in the rendered listener; absent: as rendered. */
  readonly requestTimeout?: string;
  /** Bytes that a listener of somebody else, as of a mesh, holds of a body; absent: as rendered. */
  readonly heldBytes?: number;
}

/** Writes a policy into Envoy's folder, gives the version that Envoy will report. */
export type PolicyWriter = (policy: string, folder: string) => Promise<string>;

/** Envoy as `postern up` renders it, without the sidecar: its socket is the test's. */
export interface Enforcement {
  readonly url: string;
  readonly envoy: TestEnvoy;
  readonly sidecarSocket: string;
  /** Puts a policy in force, by another writer where one is given; resolves once Envoy says so. */
  change(policy: string, by?: PolicyWriter): Promise<void>;
  stop(): Promise<void>;
}

export async function startEnforcement(options: EnforcementOptions): Promise<Enforcement> {
  const wasmFile = options.wasmFile ?? (await buildFilter(() => {}));
  const asNow: PolicyWriter = async (text, folder) => {
    const loaded = await parsePolicy(text, join(folder, "policy.yaml"));
    return writePolicy(loaded, wasmFile, {
      filterConfigFile: join(folder, "ecds.json"),
      sidecarPolicyFile: join(folder, "policy.json"),
      syncStateFile: join(folder, "sync-state.bin"),
    });
  };
  const write = options.write ?? asNow;
  const bootstrap = async (folder: string) => {
    const { requestTimeout, heldBytes, syncState } = options;
    const others: Record<string, unknown> = {
      ...(requestTimeout === undefined ? {} : { request_timeout: requestTimeout }),
      ...(heldBytes === undefined
        ? {}
        : { request_body_buffer_limit: heldBytes, per_connection_buffer_limit_bytes: heldBytes }),
    };
    if (syncState) await writeFile(join(folder, "sync-state.bin"), syncState);
    await write(options.policy, folder);
    return JSON.parse(JSON.stringify(renderBootstrap(plan(folder, options.upstream))), (key, value) =>
      key in others ? others[key] : value,
    );
  };
  const envoy = await startEnvoy(bootstrap, { concurrency: options.workers ?? 1 });
  return {
    url: `http://127.0.0.1:${await envoy.port("edge")}`,
    envoy,
    sidecarSocket: join(envoy.folder, "sidecar.sock"),
    change: async (text, by = write) => {
      const version = await by(text, envoy.folder);
      await eventually(
        async () => (await filterState(join(envoy.folder, "admin.sock")))?.version,
        (inForce) => inForce === version,
      );
    },
    stop: () => envoy.stop(),
  };
}

function plan(folder: string, { hostname, port }: URL): EnvoyPlan {
  return {
    listen: { host: "127.0.0.1", port: 0 },
    tls: null,
    forwardClientCertificate: false,
    upstream: { protocol: "http", host: hostname, port: Number(port), trustBundleFile: null },
    sidecarSocket: join(folder, "sidecar.sock"),
    adminSocket: join(folder, "admin.sock"),
    selfTestSocket: join(folder, "self-test.sock"),
    filterConfigFile: join(folder, "ecds.json"),
    filterConfigFolder: folder,
    accessLog: join(folder, "access.log"),
    dashboard: null,
    egress: null,
    heapBytes: 512 * 1024 * 1024,
  };
}
