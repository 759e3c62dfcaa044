/** Version of what filter and sidecar tell each other: `inference-sidecar/proto/postern.proto`, the field of this name. */
export const PROTOCOL: u64 = 2;
/** The field's number, in every request. */
export const PROTOCOL_FIELD: u32 = 15;
