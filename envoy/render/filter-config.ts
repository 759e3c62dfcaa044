import type { FilterPlan } from "./plan.ts";

export type FilterConfig = ReturnType<typeof renderFilterConfig>;

/** The discovery response (ECDS) that carries the filter with its compiled policy; `version` names it in Envoy's reports. */
export function renderFilterConfig(plan: FilterPlan, version: string) {
  return {
    version_info: version,
    resources: [
      {
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        ...staticFilter(plan),
      },
    ],
  };
}

/** The filter as it stands in a listener that has its policy within. */
export function staticFilter(plan: FilterPlan) {
  return {
    name: "postern",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
      config: pluginConfig(plan),
    },
  };
}

function pluginConfig(plan: FilterPlan) {
  return {
    name: "postern",
    root_id: "postern",
    vm_config: {
      vm_id: "postern",
      runtime: "envoy.wasm.runtime.v8",
      code: { local: { filename: plan.wasmFile } },
      environment_variables: { host_env_keys: plan.secretNames, key_values: { POSTERN_MODULE: plan.moduleDigest } },
    },
    configuration: {
      "@type": "type.googleapis.com/google.protobuf.BytesValue",
      value: Buffer.concat([plan.policy, plan.syncState]).toString("base64"),
    },
    failure_policy: "FAIL_RELOAD",
    reload_config: { backoff: { base_interval: "0.1s" } },
    // Headers stay with the filter until the body is judged.
    allow_on_headers_stop_iteration: true,
  };
}
