import type { MessageReader } from "./message.ts";

/** Names and values, as bytes. */
export type Fields = readonly (readonly [name: string, value: Buffer])[];

/** What a gate does about a request. */
export interface Enforcement {
  /** Null: it goes on. */
  readonly denial: Denial | null;
  /** Names of header fields that must not go on with it. */
  readonly removed: readonly string[];
  /** The verified identity, for the upstream, and what an upgrade may name in `connection`. */
  readonly issued: Fields;
  /** `DPoP-Nonce` of the response; empty: none. */
  readonly nonce: string;
  /** `postern.v1.Decision`. */
  readonly record: Uint8Array;
  /** It must not go on before its record is on the disk; this is the denial where it can't be put there. Null: it need not wait. */
  readonly unrecorded: Denial | null;
}

export interface Denial {
  readonly status: number;
  readonly fields: Fields;
  readonly body: string;
}

const permitted = 200;
const unavailable = 503;

/** Reads what `filter/core/enforcement-message.ts` wrote. */
export function readEnforcement(reader: MessageReader): Enforcement {
  const status = reader.u32();
  const denial = status === permitted ? null : readDenial(reader, status);
  const removed = denial ? [] : reader.list(() => reader.text());
  const issued = denial ? [] : readFields(reader);
  const nonce = reader.text();
  const record = Uint8Array.from(reader.bytes());
  const unrecorded = reader.u32() === 1 ? readDenial(reader, unavailable) : null;
  return { denial, removed, issued, nonce, record, unrecorded };
}

function readDenial(reader: MessageReader, status: number): Denial {
  const fields = readFields(reader);
  return { status, fields, body: reader.utf8() };
}

function readFields(reader: MessageReader): Fields {
  const texts = reader.list(() => Buffer.from(reader.bytes()));
  return Array.from(
    { length: texts.length / 2 },
    (_, i) => [String(texts[2 * i]), texts[2 * i + 1] as Buffer] as const,
  );
}
