import { HttpContext } from "proxy-wasm-as/context";
import { StreamTable } from "proxy-wasm-as/stream-table";

class Stream extends HttpContext {}

let table = new StreamTable();

export function reset(): void {
  table = new StreamTable();
}

export function add(id: u32): void {
  table.add(new Stream(id));
}

export function remove(id: u32): void {
  table.remove(id);
}

/** The id of what is found; 0: nothing is. */
export function find(id: u32): u32 {
  const stream = table.find(id);
  return stream === null ? 0 : stream.contextId;
}
