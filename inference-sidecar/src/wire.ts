import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { decodeReport } from "./decision-log/report-request.ts";
import { refuseProtocol } from "./protocol.ts";
import { ServiceError } from "./service-error.ts";

export const SERVICE_NAME = "postern.v1.PolicyInformationPoint";
export const EXT_AUTHZ_NAME = "envoy.service.auth.v3.Authorization";

/** No message of the service has more fields at its top level: 2,048 records and a header. */
const TOP_LEVEL_FIELDS_MOST = 2_100;

/**
 * A service of a .proto file, its request decoders guarded: what is too large or malformed becomes a ServiceError in
 * the place of the request, for the edge in `server.ts` to answer.
 */
export function loadService(
  protoPath: string,
  maximumBytes: Record<string, number>,
  name: string = SERVICE_NAME,
): ServiceDefinition {
  const definition = loadSync(protoPath, { longs: Number, enums: String, defaults: true });
  const service = definition[name] as ServiceDefinition;
  const decoders: Record<string, Decode> = "Report" in service ? { Report: decodeReport } : {};
  const guarded = Object.entries(service).map(([name, method]) => {
    return [name, guard(method, decoders[name] ?? method.requestDeserialize, maximumBytes[name] ?? 0)];
  });
  return Object.fromEntries(guarded);
}

/** Encodes a state as it goes to the workers. */
export function syncEncoder(service: ServiceDefinition): (response: object) => Buffer {
  const { responseSerialize } = service.Sync as MethodDefinition<object, object>;
  return responseSerialize;
}

type Decode = (message: Buffer) => object;

function guard(
  method: MethodDefinition<object, object>,
  decode: Decode,
  most: number,
): MethodDefinition<object, object> {
  const requestDeserialize = (message: Buffer): object => {
    if (message.length > most) return new ServiceError("invalid_argument", `the message has more than ${most} bytes`);
    if (!hasFewFields(message))
      return new ServiceError("invalid_argument", "the message is malformed or has too many fields");
    try {
      const request = decode(message) as { readonly protocol?: number };
      return refuseProtocol(request.protocol) ?? request;
    } catch (error) {
      return new ServiceError("invalid_argument", "the message is malformed", { cause: error });
    }
  };
  return { ...method, requestDeserialize };
}

/**
 * Counts fields before objects are made of them: four megabytes of empty records would decode to gigabytes.
 * Wire format: protobuf.dev, "Encoding".
 */
export function hasFewFields(message: Uint8Array, most = TOP_LEVEL_FIELDS_MOST): boolean {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) return -1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return -1;
  };
  for (let fields = 0; at < message.length; fields += 1) {
    if (fields >= most) return false;
    const tag = varint();
    if (tag < 0) return false;
    const wireType = tag % 8;
    if (wireType === 0) {
      if (varint() < 0) return false;
    } else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      if (length < 0) return false;
      at += length;
    } else return false;
  }
  return at === message.length;
}
