/** What `asc` calls on a broken invariant. A trap is all that is left: Envoy reloads the VM (FAIL_RELOAD). */
export function abort(_message: string | null, _file: string | null, _line: u32, _column: u32): void {
  unreachable();
}
