import { gunzipSync, inflateRawSync, inflateSync } from "node:zlib";

/** What node:zlib types leave out: with `info` the engine comes along, which knows how many bytes it has taken. */
interface Info {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

type Inflate = (bytes: Uint8Array, options: object) => unknown;

/** What zlib makes of the whole of `bytes`; null: it refuses them, or leaves some over. */
function read(inflate: Inflate, bytes: Uint8Array, allowRest = false): Buffer | null {
  try {
    const { buffer, engine } = inflate(bytes, { info: true }) as Info;
    return allowRest || engine.bytesWritten === bytes.length ? buffer : null;
  } catch {
    return null;
  }
}

export function oracleGunzip(bytes: Uint8Array): Buffer | null {
  return read(gunzipSync as Inflate, bytes);
}

/** A zlib stream or a bare one; null as well for what can be read as either, which is refused on purpose. */
export function oracleUndeflate(bytes: Uint8Array): Buffer | null {
  const [method = 0, flags = 0] = bytes;
  const isZlib = bytes.length >= 2 && (method & 0xf) === 8 && method >> 4 <= 7 && (method * 256 + flags) % 31 === 0;
  if (!isZlib) return read(inflateRawSync as Inflate, bytes);
  return read(inflateRawSync as Inflate, bytes, true) === null ? read(inflateSync as Inflate, bytes) : null;
}
