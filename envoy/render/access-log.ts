/**
 * One JSON line for each request. Neither path nor query nor any header's value is in it: what a client sent may
 * be a secret or an attack. The decision's id leads to the decision log.
 * @param decision where the decision is found, as a command of Envoy's format
 */
export function accessLog(path: string, decision = "%FILTER_STATE(wasm.postern:PLAIN)%"): object {
  // Opened as a file it can't be a socket, which it is under systemd and in many a container.
  const kind = path === "/dev/stdout" ? "stdout" : "file";
  return {
    name: `envoy.access_loggers.${kind}`,
    typed_config: {
      ...(kind === "stdout"
        ? { "@type": typeOf("stream", "StdoutAccessLog") }
        : { "@type": typeOf("file", "FileAccessLog"), path }),
      log_format: {
        json_format: {
          time: "%START_TIME%",
          // Its id, effect, reason and route, with a space between them.
          decision,
          request_id: "%REQ(X-REQUEST-ID)%",
          protocol: "%PROTOCOL%",
          status: "%RESPONSE_CODE%",
          details: "%RESPONSE_CODE_DETAILS%",
          flags: "%RESPONSE_FLAGS%",
          bytes_received: "%BYTES_RECEIVED%",
          bytes_sent: "%BYTES_SENT%",
          duration_ms: "%DURATION%",
          client: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
          upstream: "%UPSTREAM_HOST%",
        },
      },
    },
  };
}

function typeOf(kind: string, message: string): string {
  return `type.googleapis.com/envoy.extensions.access_loggers.${kind}.v3.${message}`;
}
