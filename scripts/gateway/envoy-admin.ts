import { request } from "node:http";

const discovery = "extension_config_discovery.http_filter.postern.";

/** What Envoy says of the filter's configuration. */
export interface FilterState {
  /** The version in force; empty: none yet. */
  readonly version: string;
  /** Updates that Envoy or the filter refused since Envoy started. */
  readonly rejected: number;
}

/** Whether Envoy is live: listening, with the filter's first configuration taken or refused. False while it can't be asked. */
export async function isReady(adminSocket: string): Promise<boolean> {
  return (await adminPage(adminSocket, "/ready"))?.startsWith("LIVE") ?? false;
}

/** Null while Envoy can't be asked. */
export async function filterState(adminSocket: string): Promise<FilterState | null> {
  const stats = await adminPage(adminSocket, `/stats?filter=${encodeURIComponent(discovery)}`);
  if (stats === null) return null;
  const read = (name: string) =>
    stats
      .split("\n")
      .find((line) => line.startsWith(`${discovery}${name}: `))
      ?.slice(discovery.length + name.length + 2) ?? "";
  return {
    version: read("version_text").replaceAll('"', ""),
    rejected: Number(read("update_rejected")) + Number(read("config_fail")),
  };
}

/** Requests of clients that are under way; null while Envoy can't be asked. */
export async function activeRequests(adminSocket: string): Promise<number | null> {
  const stats = await adminPage(adminSocket, `/stats?filter=${encodeURIComponent("^http.edge.downstream_rq_active$")}`);
  return stats === null ? null : Number(stats.slice(stats.indexOf(":") + 1));
}

/** The text of a page of the admin interface; null while Envoy can't be asked. */
export function adminPage(socketPath: string, path: string, method: "GET" | "POST" = "GET"): Promise<string | null> {
  return new Promise((done) => {
    const call = request({ socketPath, path, method, timeout: 2_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => done(response.statusCode === 200 ? text : null));
      response.on("error", () => done(null));
    });
    call.on("timeout", () => call.destroy());
    call.on("error", () => done(null));
    call.end();
  });
}
