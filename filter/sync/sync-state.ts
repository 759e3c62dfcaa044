import { ProtobufReader } from "../encoding/protobuf";
import { RevocationList } from "../policy/revocation-list";
import { FetchedKeys } from "./fetched-keys";
import { RouteState } from "./route-state";

/** `postern.v1.SyncState`, decoded once; never changed, only replaced. */
export class SyncState {
  /** What stands before any state has come. */
  static readonly NONE: SyncState = new SyncState();

  /** 0: none has come. */
  version: u64 = 0;
  /** What the marks of the self-test's probes are made with; empty: there are none. */
  selfTestKey: Uint8Array = new Uint8Array(0);
  /** At most one for each issuer. */
  readonly keys: FetchedKeys[] = [];
  revocations: RevocationList = RevocationList.NONE;
  /** By name, ascending. */
  private readonly routes: RouteState[] = [];

  /** null: malformed, out of range or out of order; nothing of it may be used. Content is copied. */
  static decode(message: Uint8Array): SyncState | null {
    const state = new SyncState();
    const reader = new ProtobufReader(message.slice());
    let sound = true;
    for (let field = reader.next(); field != 0; field = reader.next()) {
      if (field == 1) state.version = reader.value;
      else if (field == 2) sound = state.takeRoute(RouteState.decode(reader.content)) && sound;
      else if (field == 3) state.selfTestKey = reader.content;
      else if (field == 4) sound = state.takeKeys(FetchedKeys.decode(reader.content)) && sound;
      else if (field == 5) sound = state.takeRevocations(reader.content) && sound;
    }
    return sound && !reader.malformed && state.version > 0 ? state : null;
  }

  /** null: the route stands where the policy says. */
  route(name: Uint8Array): RouteState | null {
    const routes = this.routes;
    let low = 0;
    let high = routes.length;
    while (low < high) {
      const middle = low + ((high - low) >> 1);
      const order = compare(routes[middle].name, name);
      if (order == 0) return routes[middle];
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return null;
  }

  private takeKeys(keys: FetchedKeys | null): bool {
    if (keys === null) return false;
    this.keys.push(keys);
    return true;
  }

  /** `postern.v1.Revocations`. */
  private takeRevocations(message: Uint8Array): bool {
    const reader = new ProtobufReader(message);
    let entries = message.subarray(0, 0);
    let writtenMillis: i64 = 0;
    for (let field = reader.next(); field != 0; field = reader.next()) {
      if (field == 1) entries = reader.content;
      else if (field == 2) writtenMillis = <i64>reader.value;
    }
    const list = RevocationList.read(entries, writtenMillis);
    if (reader.malformed || list === null) return false;
    this.revocations = list;
    return true;
  }

  private takeRoute(route: RouteState | null): bool {
    if (route === null) return false;
    const routes = this.routes;
    if (routes.length > 0 && compare(routes[routes.length - 1].name, route.name) >= 0) return false;
    routes.push(route);
    return true;
  }
}

function compare(a: Uint8Array, b: Uint8Array): i32 {
  const order = memory.compare(a.dataStart, b.dataStart, min(a.length, b.length));
  return order != 0 ? order : a.length - b.length;
}
