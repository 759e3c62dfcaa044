const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;
const IPV6 = /^\[[0-9a-f:.]{2,45}\]$/;

/** The pattern as it is compared, or what was expected instead. A host name, an address, or `*.` and a host name. */
export function parseHostPattern(text: string): { host: string } | { expected: string } {
  const host = text.toLowerCase();
  if (IPV6.test(host)) return { host };
  if (/:[0-9]*$/.test(host)) return { expected: "a host name without port: the port is never compared" };
  const name = host.startsWith("*.") ? host.slice(2) : host;
  const sound = host.length <= 255 && name.split(".").every((label) => LABEL.test(label));
  return sound ? { host } : { expected: "a host name such as api.demo, or *.demo" };
}
