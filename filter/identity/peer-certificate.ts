/**
 * The client certificate of the connection as the host tells it. The host must have validated it: the listener is
 * rendered so that a certificate that does not chain to the trust bundle fails the handshake.
 */
export class PeerCertificate {
  constructor(
    public readonly presented: bool,
    /** URI subject alternative name; empty: none. Several are joined by commas, which is no SPIFFE id (X509-SVID section 2). */
    public readonly uri: Uint8Array,
    /** When it expires, Unix milliseconds; 0: the host does not tell. */
    public readonly validUntilMillis: i64 = 0,
  ) {}
}
