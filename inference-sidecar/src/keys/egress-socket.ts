import { createHash } from "node:crypto";

/** Bytes of a socket's name; its path has room for about 100 (unix(7)). */
const longestName = 80;

/** A host that key sets are fetched from. */
export interface KeyHost {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** The name of the Unix socket where a process with a network takes connections to it. */
  readonly socketName: string;
}

/** @param uri of a key set: https, or http on the loopback */
export function keyHost({ hostname, port, protocol }: URL): KeyHost {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const number = Number(port) || (protocol === "https:" ? 443 : 80);
  return { host, port: number, socketName: socketName(host, number) };
}

/** A long name of a host ends in its digest instead; no host has a `~`. */
function socketName(host: string, port: number): string {
  const name = `${host}_${port}.sock`;
  if (name.length <= longestName) return name;
  const digest = createHash("sha256").update(host).digest("hex").slice(0, 16);
  return `${host.slice(0, 32)}~${digest}_${port}.sock`;
}
