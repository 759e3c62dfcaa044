import { connectionsMost } from "./plan.ts";

/** Envoy's edge best practices: it sheds connections and memory before it is killed for them. */
export function overloadManager(heapBytes: number): object {
  return {
    refresh_interval: "0.25s",
    buffer_factory_config: { minimum_account_to_track_power_of_two: 20 },
    resource_monitors: [
      {
        name: "envoy.resource_monitors.fixed_heap",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
          max_heap_size_bytes: heapBytes,
        },
      },
      {
        name: "envoy.resource_monitors.global_downstream_max_connections",
        typed_config: {
          "@type":
            "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
          max_active_downstream_connections: connectionsMost,
        },
      },
    ],
    actions: [
      heapAction("envoy.overload_actions.shrink_heap", 0.9),
      heapAction("envoy.overload_actions.disable_http_keepalive", 0.92),
      heapAction("envoy.overload_actions.stop_accepting_requests", 0.95),
      heapAction("envoy.overload_actions.stop_accepting_connections", 0.97),
    ],
  };
}

function heapAction(name: string, threshold: number): object {
  return { name, triggers: [{ name: "envoy.resource_monitors.fixed_heap", threshold: { value: threshold } }] };
}
