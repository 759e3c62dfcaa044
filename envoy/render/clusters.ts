import { isIP } from "node:net";
import { connectionBufferBytes, connectionsMost, sidecarCluster, type UpstreamPlan } from "./plan.ts";

const sidecarBufferBytes = 65_536;
/** Node closes a connection on which more than 1,000 requests are given up at once, with all that others wait for. */
const sidecarRequestsMost = 1_000;
const upstreamName = "upstream";
const grpcUpstreamName = "upstream_grpc";
const upgradeUpstreamName = "upstream_upgrade";
const http1 = { explicit_http_config: { http_protocol_options: {} } };
const http2 = { explicit_http_config: { http2_protocol_options: {} } };
const httpProtocolOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/** The upstream's clusters by name: the second one, for gRPC or for upgrades, speaks what the first does not, or may not. */
export function upstreamClusters(upstream: UpstreamPlan): object[] {
  const isSecure = upstream.protocol === "https";
  return [
    upstreamCluster(upstreamName, upstream, isSecure ? { auto_config: {} } : http1),
    isSecure
      ? upstreamCluster(upgradeUpstreamName, upstream, http1)
      : upstreamCluster(grpcUpstreamName, upstream, http2),
  ];
}

/**
 * Where a request goes. Over TLS the protocol is negotiated, but for upgrades, which servers of HTTP/2 mostly know over
 * HTTP/1.1 alone; without TLS it is known beforehand: gRPC is always HTTP/2.
 */
export function upstreamRoutes({ protocol }: UpstreamPlan): object[] {
  const to = (cluster: string) => ({ cluster, timeout: "0s" });
  const other =
    protocol === "https"
      ? { match: { prefix: "/", headers: [{ name: "upgrade", present_match: true }] }, route: to(upgradeUpstreamName) }
      : { match: { prefix: "/", grpc: {} }, route: to(grpcUpstreamName) };
  return [other, { match: { prefix: "/" }, route: to(upstreamName) }];
}

function upstreamCluster(name: string, upstream: UpstreamPlan, protocol: object): object {
  const address = { address: upstream.host, port_value: upstream.port };
  return {
    name,
    ...discovery(upstream.host),
    connect_timeout: "5s",
    // By itself Envoy makes 1,024 connections: as many streams without an end would have everybody else wait.
    circuit_breakers: {
      thresholds: [
        { max_connections: connectionsMost, max_pending_requests: connectionsMost, max_requests: connectionsMost },
      ],
    },
    per_connection_buffer_limit_bytes: connectionBufferBytes,
    typed_extension_protocol_options: {
      [httpProtocolOptions]: {
        "@type": `type.googleapis.com/${httpProtocolOptions}`,
        // Below what servers close idle connections after (5 s are common): one that closes just then loses a request.
        common_http_protocol_options: { idle_timeout: "4s" },
        ...protocol,
      },
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: address } } }] }],
    },
    ...(upstream.protocol === "https" ? { transport_socket: upstreamTls(upstream) } : {}),
  };
}

/**
 * How addresses are found. A name's share the load: IPv4 is preferred, since a machine without IPv6 may be told of it all the
 * same. Those of `localhost` are one server's, which often is at one of them alone: they are tried in turn.
 */
function discovery(host: string): object {
  if (isIP(host)) return { type: "STATIC" };
  if (host === "localhost") return { type: "LOGICAL_DNS", dns_lookup_family: "ALL" };
  return { type: "STRICT_DNS", dns_lookup_family: "V4_PREFERRED" };
}

function upstreamTls(upstream: UpstreamPlan): object {
  const ip = isIP(upstream.host) !== 0;
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
      // RFC 6066, section 3: no address literals in SNI.
      ...(ip ? {} : { sni: upstream.host }),
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: "TLSv1_2" },
        validation_context: {
          trusted_ca: { filename: upstream.trustBundleFile },
          match_typed_subject_alt_names: [{ san_type: ip ? "IP_ADDRESS" : "DNS", matcher: { exact: upstream.host } }],
        },
      },
    },
  };
}

export function sidecarPipeCluster(socket: string): object {
  return {
    name: sidecarCluster,
    type: "STATIC",
    connect_timeout: "0.25s",
    per_connection_buffer_limit_bytes: sidecarBufferBytes,
    typed_extension_protocol_options: {
      [httpProtocolOptions]: {
        "@type": `type.googleapis.com/${httpProtocolOptions}`,
        // What it may send before Envoy has read it; the filter limits each message.
        common_http_protocol_options: {
          max_headers_count: 32,
          max_response_headers_kb: 8,
          max_requests_per_connection: sidecarRequestsMost,
        },
        explicit_http_config: {
          http2_protocol_options: {
            initial_stream_window_size: sidecarBufferBytes,
            initial_connection_window_size: sidecarBufferBytes,
          },
        },
      },
    },
    load_assignment: {
      cluster_name: sidecarCluster,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: socket } } } }] }],
    },
  };
}
