import { bytes } from "proxy-wasm-as/bytes";

/**
 * How the media types begin of binary formats in which texts stand as they are, with their lengths before them: BSON, Thrift,
 * AMF, Hessian, Avro, Java's serialisation, Smile, UBJSON, Ion, binary XML of .NET.
 */
export const recordFormats: Uint8Array[] = [
  bytes("application/bson"),
  bytes("application/x-bson"),
  bytes("application/x-thrift"),
  bytes("application/vnd.apache.thrift"),
  bytes("application/x-amf"),
  bytes("application/x-hessian"),
  bytes("x-application/hessian"),
  bytes("application/avro"),
  bytes("application/vnd.apache.avro"),
  bytes("avro/binary"),
  bytes("application/x-java-serialized-object"),
  bytes("application/x-jackson-smile"),
  bytes("application/ubjson"),
  bytes("application/ion"),
  bytes("application/soap+msbin"),
];
