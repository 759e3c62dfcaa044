const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** Whether a host as in a URL, without its port, is this machine whatever a resolver says (RFC 6761, 6.3: not its subdomains). */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
