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
  return { host, port: number, socketName: `${host}_${number}.sock` };
}
