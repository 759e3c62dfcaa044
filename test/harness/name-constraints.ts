import { Extension } from "@peculiar/x509";

/** Holds URIs below an authority to these hosts (RFC 5280 section 4.2.1.10), each of at most 50 bytes. */
export function uriConstraints(...hosts: string[]): Extension {
  const bases = hosts.map((host) => der(0x30, der(0x86, Buffer.from(host))));
  return new Extension("2.5.29.30", true, der(0x30, der(0xa0, ...bases)));
}

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, content.length]), content]);
}
