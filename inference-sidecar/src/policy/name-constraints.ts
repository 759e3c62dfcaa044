import type { X509Certificate } from "node:crypto";

/** id-ce-nameConstraints, 2.5.29.30, with its tag and length. */
const NAME_CONSTRAINTS = Buffer.from("0603551d1e", "hex");
const BOOLEAN = 0x01;
const OCTET_STRING = 0x04;
const PERMITTED_SUBTREES = 0xa0;
const URI = 0x86;

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/**
 * The hosts that URIs below an authority may have (RFC 5280 section 4.2.1.10), in lower case; one that begins with a dot stands
 * for the hosts below it. Null: any.
 */
export function permittedHosts({ raw }: X509Certificate): string[] | null {
  const at = raw.indexOf(NAME_CONSTRAINTS);
  if (at < 0) return null;
  const value = elements(raw.subarray(at + NAME_CONSTRAINTS.length)).find(({ tag }) => tag !== BOOLEAN);
  if (value?.tag !== OCTET_STRING) return null;
  const [constraints] = elements(value.content);
  const subtrees = elements(constraints?.content).find(({ tag }) => tag === PERMITTED_SUBTREES);
  const bases = elements(subtrees?.content).flatMap(({ content }) => elements(content).slice(0, 1));
  const hosts = bases.filter(({ tag }) => tag === URI).map(({ content }) => content.toString("latin1").toLowerCase());
  return hosts.length > 0 ? hosts : null;
}

/** Of DER (X.690), as far as lengths are below 64 KiB and within it. */
function elements(der: Buffer = Buffer.alloc(0)): Element[] {
  const found: Element[] = [];
  for (let at = 0; at + 2 <= der.length; ) {
    const first = der.readUInt8(at + 1);
    const more = first < 0x80 ? 0 : first - 0x80;
    const start = at + 2 + more;
    if (more > 2 || start > der.length) break;
    const length = more === 0 ? first : der.readUIntBE(at + 2, more);
    found.push({ tag: der.readUInt8(at), content: der.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
