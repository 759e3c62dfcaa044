import { createServer, isIPv4, isIPv6 } from "node:net";
import { isLoopback } from "../../inference-sidecar/src/loopback.ts";
import { UsageError } from "../commands/usage-error.ts";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `V4:P`, `[V6]:P`: Envoy takes no names. @throws UsageError anything else; `flag` names where it was given */
export function parseAddress(text: string, flag: string): ListenAddress {
  const [, v6 = "", v4 = "", digits] = /^(?:\[([\da-fA-F:.]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = isIPv6(v6) ? v6 : isIPv4(v4) ? v4 : null;
  const port = Number(digits);
  if (host === null || port > 65_535) {
    throw new UsageError(`${flag} ${text}: write ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080.`);
  }
  return { host, port };
}

/** Reads an address of this machine alone. @throws UsageError anything else; `flag` names where it was given */
export function parseLoopback(text: string, flag: string): ListenAddress {
  const address = parseAddress(text, flag);
  if (!isLoopback(hostOf(address))) {
    throw new UsageError(`${flag} ${text}: write an address of the loopback, such as 127.0.0.1:9191 or [::1]:9191.`);
  }
  return address;
}

/** For a URL. */
export function formatAddress(address: ListenAddress): string {
  return `${hostOf(address)}:${address.port}`;
}

function hostOf({ host }: ListenAddress): string {
  return host.includes(":") ? `[${host}]` : host;
}

/**
 * The address to listen on. One that was given must be free (port 0: any free one); a default that is taken is
 * replaced by a free port, which `report` is told.
 * @param other was given to something else of this gateway, which may not listen yet
 */
export async function chooseAddress(
  flag: string,
  given: ListenAddress | null,
  fallback: ListenAddress,
  report: (line: string) => void,
  other: ListenAddress | null = null,
): Promise<ListenAddress> {
  if (given) {
    try {
      return { host: given.host, port: await probe(given) };
    } catch (error) {
      throw new Error(
        `${flag} ${formatAddress(given)} ${refusal(error)}. Give another address with ${flag} ADDRESS:PORT.`,
      );
    }
  }
  const port = other?.port === fallback.port ? null : await probe(fallback).catch(() => null);
  if (port !== null) return { host: fallback.host, port };
  const free = { host: fallback.host, port: await probe({ host: fallback.host, port: 0 }) };
  report(`${formatAddress(fallback)} is taken: using ${formatAddress(free)} (${flag} chooses another)`);
  return free;
}

function refusal(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return "is taken by another process";
  if (code === "EACCES") return "needs more rights than this user has";
  if (code === "EADDRNOTAVAIL") return "is not an address of this machine";
  return `can't be used (${error instanceof Error ? error.message : String(error)})`;
}

/** Binds and lets go again; gives the port. */
function probe({ host, port }: ListenAddress): Promise<number> {
  return new Promise((done, refuse) => {
    const server = createServer();
    server.once("error", refuse);
    server.listen({ host, port, exclusive: true }, () => {
      const bound = server.address();
      server.close(() => done(typeof bound === "object" && bound ? bound.port : port));
    });
  });
}
