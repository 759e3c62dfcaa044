import { bytes, GrpcStatus, HeaderList, HeadersStatus, sendLocalResponse } from "proxy-wasm-as";

export function text(value: Uint8Array | null): string {
  return value == null ? "null" : String.UTF8.decodeUnsafe(value.dataStart, value.length);
}

export function hex(value: Uint8Array): string {
  let result = "";
  for (let index = 0; index < value.length; index++) {
    result += (value[index] >> 4).toString(16) + (value[index] & 15).toString(16);
  }
  return result;
}

export function fromHex(value: Uint8Array): Uint8Array {
  const digits = text(value);
  const result = new Uint8Array(digits.length >> 1);
  for (let index = 0; index < result.length; index++) {
    result[index] = <u8>parseInt(digits.substr(index * 2, 2), 16);
  }
  return result;
}

/** Answers the request with a text, in the upstream's place. */
export function answer(body: string): HeadersStatus {
  sendLocalResponse(200, bytes("probe"), new HeaderList(), bytes(body), GrpcStatus.Unset);
  return HeadersStatus.StopAllIterationAndBuffer;
}
