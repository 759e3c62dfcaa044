/**
 * What stands behind every contender: an Envoy of its own that takes the whole body, then answers 200 `ok`. Being a
 * process of its own it costs the contenders nothing; being Envoy it takes little of the machine.
 */
export function upstreamBootstrap(adminSocket: string, port: number): object {
  const filter = (name: string, type: string, rest: object = {}) => ({
    name: `envoy.filters.http.${name}`,
    typed_config: { "@type": `type.googleapis.com/envoy.extensions.filters.http.${type}`, ...rest },
  });
  return {
    admin: { address: { pipe: { path: adminSocket, mode: 0o600 } } },
    static_resources: {
      listeners: [
        {
          name: "upstream",
          address: { socket_address: { address: "127.0.0.1", port_value: port } },
          filter_chains: [
            {
              filters: [
                {
                  name: "envoy.filters.network.http_connection_manager",
                  typed_config: {
                    "@type":
                      "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                    stat_prefix: "upstream",
                    route_config: {
                      virtual_hosts: [
                        {
                          name: "all",
                          domains: ["*"],
                          routes: [
                            { match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: "ok" } } },
                          ],
                        },
                      ],
                    },
                    http_filters: [
                      filter("buffer", "buffer.v3.Buffer", { max_request_bytes: 1_048_576 }),
                      filter("router", "router.v3.Router"),
                    ],
                  },
                },
              ],
            },
          ],
        },
      ],
    },
  };
}
