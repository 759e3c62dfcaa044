import type { DashboardPlan } from "./plan.ts";

const cluster = "postern_dashboard";

/** Byte by byte: access is the dashboard's own business, its token and its check of the Host header. */
export function dashboardListener({ listen }: DashboardPlan): object {
  return {
    name: "dashboard",
    address: { socket_address: { address: listen.host, port_value: listen.port } },
    filter_chains: [
      {
        filters: [
          {
            name: "envoy.filters.network.tcp_proxy",
            typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
              stat_prefix: "dashboard",
              cluster,
              idle_timeout: "60s",
            },
          },
        ],
      },
    ],
  };
}

export function dashboardPipeCluster({ socket }: DashboardPlan): object {
  return {
    name: cluster,
    type: "STATIC",
    connect_timeout: "0.25s",
    load_assignment: {
      cluster_name: cluster,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: socket } } } }] }],
    },
  };
}
