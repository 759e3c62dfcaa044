/**
 * The client certificate of the connection as the host tells it. The host must have validated it: the listener is
 * rendered so that a certificate that does not chain to the trust bundle fails the handshake.
 */
export class PeerCertificate {
  constructor(
    public readonly presented: bool,
    /** First URI subject alternative name; empty: none. */
    public readonly uri: Uint8Array,
  ) {}
}
