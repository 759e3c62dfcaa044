import { bytes } from "proxy-wasm-as/bytes";
import { HeaderMap } from "proxy-wasm-as/header-map";
import { trimmed } from "../encoding/blank";
import { parseSourceAddress, SourceAddress } from "../policy/source-address";

const FORWARDED_FOR = bytes("x-forwarded-for");
const COMMA: u8 = 0x2c;
const COLON: u8 = 0x3a;
const OPENING: u8 = 0x5b;
const CLOSING: u8 = 0x5d;

/**
 * The address of the client as far as it can be trusted: that of the connection's other end, or with `trustedHops` proxies
 * in front, that which the outermost of them appended to `x-forwarded-for`. What the client wrote itself is never reached.
 * The last entry is Envoy's own, where it is told to use the connection's address (`use_remote_address`): that address, or its
 * host's for a loopback connection.
 * @param peer as `Environment.sourceAddress` gives it
 */
export function clientAddress(headers: HeaderMap, peer: Uint8Array, trustedHops: u32): SourceAddress {
  const source = parseSourceAddress(peer);
  let hops = trustedHops;
  if (hops == 0) return source;
  let first = true;
  for (let i = headers.size - 1; i >= 0; i--) {
    if (!isForwardedFor(headers.name(i))) continue;
    const value = headers.value(i);
    for (let end = value.length; end >= 0; ) {
      const start = value.subarray(0, end).lastIndexOf(COMMA) + 1;
      const address = parseElement(value.subarray(start, end));
      const isOwn = first && (isLoopback(source) || isSame(address, source));
      first = false;
      if (!isOwn && --hops == 0) return address.known ? address : source;
      end = start - 1;
    }
  }
  return source;
}

function isSame(a: SourceAddress, b: SourceAddress): bool {
  return a.known && a.high == b.high && a.low == b.low;
}

/** 127.0.0.0/8 or ::1 */
function isLoopback(address: SourceAddress): bool {
  return address.isIPv4 ? (address.low & 0xff00_0000) == 0x7f00_0000 : address.high == 0 && address.low == 1;
}

function isForwardedFor(name: Uint8Array): bool {
  return (
    name.length == FORWARDED_FOR.length && memory.compare(name.dataStart, FORWARDED_FOR.dataStart, name.length) == 0
  );
}

/** An address, IPv6 with or without brackets. */
function parseElement(element: Uint8Array): SourceAddress {
  const text = trimmed(element, 0, element.length);
  const colon = text.indexOf(COLON);
  const isBareIPv6 = colon >= 0 && text.indexOf(COLON, colon + 1) >= 0 && unchecked(text[0]) != OPENING;
  if (!isBareIPv6) return parseSourceAddress(text);
  const bracketed = new Uint8Array(text.length + 2);
  bracketed[0] = OPENING;
  bracketed.set(text, 1);
  bracketed[text.length + 1] = CLOSING;
  return parseSourceAddress(bracketed);
}
