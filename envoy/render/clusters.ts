import { isIP } from "node:net";
import { connectionBufferBytes, sidecarCluster, type UpstreamPlan } from "./plan.ts";

const httpProtocolOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

export function upstreamCluster(upstream: UpstreamPlan): object {
  const address = { address: upstream.host, port_value: upstream.port };
  return {
    name: "upstream",
    type: isIP(upstream.host) ? "STATIC" : "STRICT_DNS",
    connect_timeout: "5s",
    per_connection_buffer_limit_bytes: connectionBufferBytes,
    typed_extension_protocol_options: {
      [httpProtocolOptions]: {
        "@type": `type.googleapis.com/${httpProtocolOptions}`,
        common_http_protocol_options: { idle_timeout: "60s" },
        ...(upstream.protocol === "https"
          ? { auto_config: {} }
          : { explicit_http_config: { http_protocol_options: {} } }),
      },
    },
    load_assignment: {
      cluster_name: "upstream",
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: address } } }] }],
    },
    ...(upstream.protocol === "https" ? { transport_socket: upstreamTls(upstream) } : {}),
  };
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
    typed_extension_protocol_options: {
      [httpProtocolOptions]: {
        "@type": `type.googleapis.com/${httpProtocolOptions}`,
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    load_assignment: {
      cluster_name: sidecarCluster,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: socket } } } }] }],
    },
  };
}
