import type { LoadedModel } from "../models/loaded-model.ts";
import type { Window } from "../tokenizer.ts";
import type { Explanation } from "./kept-evidence.ts";

/** A window that waits to be explained, and the evidence that has it. */
export interface Unexplained {
  readonly window: Window;
  readonly by: LoadedModel;
  readonly names: string[];
}

const WINDOWS_MOST = 256;
const NAMES_MOST = 4_096;
const REMEMBERED_MOST = 256;

/** What is to be explained, each window once: whoever attacks sends the same again and again. */
export class Explanations {
  readonly #waiting = new Map<string, Unexplained>();
  readonly #remembered = new Map<string, Explanation>();
  #names = 0;

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** What was found out about such a window before; null: nothing. */
  known(window: Window, by: LoadedModel): Explanation | null {
    return this.#remembered.get(keyOf(window, by)) ?? null;
  }

  /** False: there is no room. */
  add(name: string, window: Window, by: LoadedModel): boolean {
    const key = keyOf(window, by);
    const waiting = this.#waiting.get(key);
    if (this.#names >= NAMES_MOST || (waiting === undefined && this.#waiting.size >= WINDOWS_MOST)) return false;
    this.#names += 1;
    if (waiting === undefined) this.#waiting.set(key, { window: withOwnBytes(window), by, names: [name] });
    else waiting.names.push(name);
    return true;
  }

  /** Takes the one that has waited for longest; null: none does. What has the same window is added to it no more. */
  next(): Unexplained | null {
    for (const [key, oldest] of this.#waiting) {
      this.#waiting.delete(key);
      this.#names -= oldest.names.length;
      return oldest;
    }
    return null;
  }

  remember(window: Window, by: LoadedModel, note: Explanation): void {
    if (this.#remembered.size >= REMEMBERED_MOST) this.#remembered.clear();
    this.#remembered.set(keyOf(window, by), note);
  }
}

/** A window as it comes is a part of a whole report, which is not to be kept for it. */
export function withOwnBytes(window: Window): Window {
  return { ...window, bytes: Uint8Array.from(window.bytes) };
}

function keyOf({ bytes, edges, kind }: Window, by: LoadedModel): string {
  const { buffer, byteOffset, length } = bytes;
  return `${by.digest} ${edges} ${kind} ${Buffer.from(buffer, byteOffset, length).toString("latin1")}`;
}
