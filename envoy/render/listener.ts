import { accessLog } from "./access-log.ts";
import { upstreamRoutes } from "./clusters.ts";
import { tlsMaterial } from "./listener-secrets.ts";
import { bodyBufferBytes, connectionBufferBytes, type EnvoyPlan, streamWindowBytes, type TlsPlan } from "./plan.ts";

/** The one listener: TLS or plain, HTTP/1.1 and HTTP/2, the HTTP filters (Postern's unless told otherwise), the router. */
export function renderListener(
  plan: EnvoyPlan,
  filters: readonly object[] = [filterByFile(plan)],
  routes: readonly object[] = upstreamRoutes(plan.upstream),
): object {
  const { host, port } = plan.listen;
  return {
    name: "edge",
    // Before Envoy is ended its inbound listeners are closed: not the one of the self-test.
    traffic_direction: "INBOUND",
    address: { socket_address: { address: host, port_value: port, ...(host === "::" ? { ipv4_compat: true } : {}) } },
    per_connection_buffer_limit_bytes: connectionBufferBytes,
    // Another gateway that were started on the same port would get a share of the connections, by another policy.
    enable_reuse_port: false,
    filter_chains: [
      {
        ...(plan.tls ? { transport_socket: downstreamTls(plan.tls), transport_socket_connect_timeout: "10s" } : {}),
        filters: [networkFilter(connectionManager("edge", [...peerState(plan.tls), ...filters], routes, plan))],
      },
    ],
  };
}

/**
 * Where the self-test sends its probes: the filters of the real listener, on a Unix socket and without an upstream, so
 * that nothing of it can be forwarded, even where the filter is inert.
 */
export function renderSelfTestListener(
  plan: Pick<EnvoyPlan, "selfTestSocket" | "forwardClientCertificate" | "decisionInLog">,
  filters: readonly object[],
): object {
  const nowhere = [{ match: { prefix: "/" }, direct_response: { status: 404 } }];
  return {
    name: "self_test",
    address: { pipe: { path: plan.selfTestSocket, mode: 0o600 } },
    filter_chains: [
      { filters: [networkFilter(connectionManager("self_test", filters, nowhere, { ...plan, accessLog: null }))] },
    ],
  };
}

function networkFilter(manager: object): object {
  return { name: "envoy.filters.network.http_connection_manager", typed_config: manager };
}

function downstreamTls(tls: TlsPlan): object {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
      require_client_certificate: false,
      // A session that is taken up again brings its certificate with it, unseen and perhaps expired by now.
      ...(tls.trustBundleFile
        ? { disable_stateless_session_resumption: true, disable_stateful_session_resumption: true }
        : {}),
      common_tls_context: {
        alpn_protocols: ["h2", "http/1.1"],
        tls_params: { tls_minimum_protocol_version: "TLSv1_2" },
        ...tlsMaterial(tls),
      },
    },
  };
}

function connectionManager(
  name: string,
  filters: readonly object[],
  routes: readonly object[],
  plan: Pick<EnvoyPlan, "forwardClientCertificate" | "decisionInLog"> & { readonly accessLog: string | null },
): object {
  return {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: name,
    codec_type: "AUTO",
    use_remote_address: true,
    forward_client_cert_details: plan.forwardClientCertificate ? "FORWARD_ONLY" : "SANITIZE",
    server_header_transformation: "PASS_THROUGH",
    // The filter judges the very bytes that are forwarded, so nothing may rewrite them before it.
    normalize_path: false,
    merge_slashes: false,
    path_with_escaped_slashes_action: "KEEP_UNCHANGED",
    max_request_headers_kb: 60,
    common_http_protocol_options: {
      idle_timeout: "900s",
      max_headers_count: 200,
      headers_with_underscores_action: "ALLOW",
    },
    http2_protocol_options: {
      max_concurrent_streams: 100,
      initial_stream_window_size: streamWindowBytes,
      initial_connection_window_size: 1_048_576,
    },
    upgrade_configs: [{ upgrade_type: "websocket" }],
    request_headers_timeout: "10s",
    // Bounds an upload, and ends a stream that a trap of the filter's VM left paused. Above a score's longest deadline (30 s).
    request_timeout: "300s",
    stream_idle_timeout: "300s",
    access_log: plan.accessLog === null ? [] : [accessLog(plan.accessLog, plan.decisionInLog)],
    route_config: {
      name,
      response_headers_to_remove: ["server", "x-powered-by"],
      virtual_hosts: [{ name: "all", domains: ["*"], request_body_buffer_limit: bodyBufferBytes, routes }],
    },
    http_filters: [...filters, router()],
  };
}

/**
 * What the connection's properties do not tell the filter of the client's certificate: all its URI names, of which they have
 * the first one only, until when it is valid, Unix seconds, and the whole of it, which says what it may be used for.
 */
function peerState(tls: TlsPlan | null): object[] {
  if (!tls?.trustBundleFile) return [];
  const state = (key: string, format: string) => ({
    object_key: key,
    factory_key: "envoy.string",
    format_string: { text_format_source: { inline_string: format } },
  });
  return [
    {
      name: "envoy.filters.http.set_filter_state",
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config",
        on_request_headers: [
          state("postern.peer_uris", "%DOWNSTREAM_PEER_URI_SAN%"),
          state("postern.peer_valid_until", "%DOWNSTREAM_PEER_CERT_V_END(%s)%"),
          state("postern.peer_certificate", "%DOWNSTREAM_PEER_CERT%"),
        ],
      },
    },
  ];
}

/** The filter's configuration is discovered from a file; until it is there, the listener doesn't accept. */
export function filterByFile(plan: EnvoyPlan): object {
  return {
    name: "postern",
    config_discovery: {
      config_source: {
        resource_api_version: "V3",
        path_config_source: {
          path: plan.filterConfigFile,
          watched_directory: { path: plan.filterConfigFolder },
        },
      },
      apply_default_config_without_warming: false,
      type_urls: ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
    },
  };
}

function router(): object {
  return {
    name: "envoy.filters.http.router",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
      suppress_envoy_headers: true,
    },
  };
}
