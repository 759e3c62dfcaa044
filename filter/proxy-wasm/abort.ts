/** For `asc --use abort=~lib/proxy-wasm-as/abort/abort`: a broken invariant traps, without an import the host lacks. */
export function abort(_message: string | null, _file: string | null, _line: u32, _column: u32): void {
  unreachable();
}
