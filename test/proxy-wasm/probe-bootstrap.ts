export interface Upstreams {
  readonly upstreamPort: number;
  readonly oracleSocket: string;
}

/** How a filter is configured in Envoy. */
export interface FilterConfig {
  readonly wasm: string;
  /** The plugin's configuration, a text. */
  readonly configuration: string;
}

const TYPE = "type.googleapis.com/";
const MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const PROTOCOLS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/** `envoy.extensions.filters.http.wasm.v3.Wasm` */
export function wasmConfig({ wasm, configuration }: FilterConfig): object {
  return {
    "@type": `${TYPE}envoy.extensions.filters.http.wasm.v3.Wasm`,
    config: {
      name: "probe",
      root_id: "probe",
      failure_policy: "FAIL_CLOSED",
      allow_on_headers_stop_iteration: true,
      configuration: { "@type": `${TYPE}google.protobuf.StringValue`, value: configuration },
      vm_config: {
        vm_id: "probe",
        runtime: "envoy.wasm.runtime.v8",
        code: { local: { filename: wasm } },
        environment_variables: { key_values: { PROBE_GIVEN: "a=b" }, host_env_keys: ["PROBE_HOST", "PROBE_UNSET"] },
      },
    },
  };
}

/** A listener named `gateway` on any port; `filter` is an entry of `http_filters`. */
export function listener(filter: object): object {
  const router = { name: "router", typed_config: { "@type": `${TYPE}envoy.extensions.filters.http.router.v3.Router` } };
  const manager = {
    "@type": TYPE + MANAGER,
    stat_prefix: "gateway",
    http_protocol_options: { enable_trailers: true },
    access_log: [
      {
        name: "file",
        typed_config: {
          "@type": `${TYPE}envoy.extensions.access_loggers.stream.v3.StdoutAccessLog`,
          log_format: {
            text_format_source: {
              inline_string: "ACCESS %RESPONSE_CODE_DETAILS% %FILTER_STATE(wasm.probe.state:PLAIN)%\n",
            },
          },
        },
      },
    ],
    route_config: {
      virtual_hosts: [
        { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "upstream" } }] },
      ],
    },
    http_filters: [filter, router],
  };
  return {
    name: "gateway",
    address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
    filter_chains: [{ filters: [{ name: "manager", typed_config: manager }] }],
  };
}

/** The clusters that the probe calls: one that answers, one that refuses, one without an endpoint. */
export function clusters({ upstreamPort, oracleSocket }: Upstreams): object[] {
  const http1 = { explicit_http_config: { http_protocol_options: { enable_trailers: true } } };
  const http2 = { explicit_http_config: { http2_protocol_options: {} } };
  return [
    cluster("upstream", { socket_address: { address: "127.0.0.1", port_value: upstreamPort } }, http1),
    cluster("oracle", { pipe: { path: oracleSocket } }, http2),
    cluster("refused", { pipe: { path: `${oracleSocket}.absent` } }, http2),
    cluster("empty", null, http2),
  ];
}

function cluster(name: string, address: object | null, protocol: object): object {
  const endpoints = address ? [{ lb_endpoints: [{ endpoint: { address } }] }] : [];
  return {
    name,
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: { cluster_name: name, endpoints },
    typed_extension_protocol_options: {
      [PROTOCOLS]: { "@type": TYPE + PROTOCOLS, ...protocol },
    },
  };
}
