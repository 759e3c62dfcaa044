import type { MessageReader, MessageWriter } from "./message.ts";
import { type Component, components } from "./value.ts";

/** Bytes of one form of one value of a request. */
export interface Window {
  readonly value: number;
  readonly form: number;
  readonly start: number;
  readonly end: number;
}

/** What a window came from. */
export interface Origin {
  readonly component: Component;
  readonly start: number;
  readonly end: number;
}

export function writeWindows(writer: MessageWriter, windows: readonly Window[]): MessageWriter {
  writer.u32(windows.length);
  for (const { value, form, start, end } of windows) writer.u32(value).u32(form).u32(start).u32(end);
  return writer;
}

export function readOrigin(reader: MessageReader): Origin {
  return { component: components[reader.u32()] ?? "body", start: reader.u32(), end: reader.u32() };
}
