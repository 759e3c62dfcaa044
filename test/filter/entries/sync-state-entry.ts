import { SyncState } from "../../../filter/sync/sync-state";

export const Uint8Array_ID = idof<Uint8Array>();

/** How many keys each issuer of the state has, a byte each; null: the state is refused. */
export function keyCounts(message: Uint8Array): Uint8Array | null {
  const state = SyncState.decode(message);
  if (state === null) return null;
  const issuers = state.keys;
  const counts = new Uint8Array(issuers.length);
  for (let i = 0; i < issuers.length; i++) counts[i] = <u8>issuers[i].keys.length;
  return counts;
}
