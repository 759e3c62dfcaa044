import { isIP } from "node:net";
import type { Network } from "./policy.ts";

const MAPPED_BITS = 96;
const BITS = 128;

/** Why a text is no network, and what it should be. */
export interface NetworkProblem {
  readonly message: string;
  readonly expected: string;
}

/** Reads `a.b.c.d/n`, an IPv6 network (RFC 4632 section 3.1, RFC 4291 section 2.3), or one address. */
export function parseNetwork(text: string): Network | NetworkProblem {
  const [, host = "", digits] = /^([0-9A-Fa-f:.]+)(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  const family = isIP(host);
  const most = family === 4 ? 32 : BITS;
  const length = digits === undefined ? most : Number(digits);
  if (family === 0 || length > most) {
    return { message: `"${text}" is no network`, expected: "such as 10.0.0.0/8 or 2001:db8::/32" };
  }
  const address = family === 4 ? mapped(host) : groupsOf(host);
  const bits = family === 4 ? MAPPED_BITS + length : length;
  if (family === 6 && address.subarray(0, 12).equals(mapped("0.0.0.0").subarray(0, 12))) {
    return { message: `"${text}" is IPv4 written as IPv6`, expected: "the IPv4 network" };
  }
  if (address.some((byte, index) => (byte & (0xff >> Math.min(Math.max(bits - index * 8, 0), 8))) !== 0)) {
    return { message: `"${text}" has bits after its prefix`, expected: "zeros there, or one address without a prefix" };
  }
  return { address: new Uint8Array(address), bits };
}

function mapped(host: string): Buffer {
  return Buffer.from([...Array(10).fill(0), 0xff, 0xff, ...host.split(".").map(Number)]);
}

/** The 16 bytes of a valid IPv6 address. */
function groupsOf(host: string): Buffer {
  const hexadecimal = host.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [before = "", after] = hexadecimal.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const tail = groups(after ?? "");
  const zeros = Array(8 - groups(before).length - tail.length).fill("0");
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...groups(before), ...zeros, ...tail].entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  }
  return bytes;
}
