import {
  proxy_add_header_map_value,
  proxy_get_header_map_pairs,
  proxy_get_header_map_value,
  proxy_remove_header_map_value,
  proxy_replace_header_map_value,
  proxy_set_header_map_pairs,
} from "./env";
import { isFieldSafe } from "./field";
import { HeaderList } from "./header-list";
import { HeaderMap } from "./header-map";
import { clearReturned, returnData, returnSize, takeReturned } from "./host-memory";
import { Status } from "./status";

/** Which headers (`proxy_map_type_t`). */
export enum MapType {
  RequestHeaders = 0,
  RequestTrailers = 1,
  ResponseHeaders = 2,
  ResponseTrailers = 3,
  GrpcInitialMetadata = 4,
  GrpcTrailingMetadata = 5,
  HttpCallHeaders = 6,
  HttpCallTrailers = 7,
}

/** All pairs of a map in one call of the host; an empty one when the map is not there now. */
export function getHeaders(map: MapType): HeaderMap {
  clearReturned();
  const status = proxy_get_header_map_pairs(map, returnData, returnSize);
  return HeaderMap.decode(status == Status.Ok ? takeReturned() : new Uint8Array(0));
}

/** All request headers, pseudo-headers among them. */
export function getRequestHeaders(): HeaderMap {
  return getHeaders(MapType.RequestHeaders);
}

export function getRequestTrailers(): HeaderMap {
  return getHeaders(MapType.RequestTrailers);
}

/** All response headers, `:status` among them. */
export function getResponseHeaders(): HeaderMap {
  return getHeaders(MapType.ResponseHeaders);
}

export function getResponseTrailers(): HeaderMap {
  return getHeaders(MapType.ResponseTrailers);
}

/** One value, or null. Envoy joins several values of a name with commas here: to judge each alone, use `getHeaders`. */
export function getHeader(map: MapType, name: Uint8Array): Uint8Array | null {
  clearReturned();
  const status = proxy_get_header_map_value(map, name.dataStart, name.length, returnData, returnSize);
  return status == Status.Ok ? takeReturned() : null;
}

/** Adds a value beside those that are there. `BadArgument`: name or value holds NUL, CR or LF. */
export function addHeader(map: MapType, name: Uint8Array, value: Uint8Array): Status {
  if (!isFieldSafe(name) || !isFieldSafe(value)) return Status.BadArgument;
  return proxy_add_header_map_value(map, name.dataStart, name.length, value.dataStart, value.length);
}

/** Leaves exactly one value of `name`. `BadArgument`: name or value holds NUL, CR or LF. */
export function replaceHeader(map: MapType, name: Uint8Array, value: Uint8Array): Status {
  if (!isFieldSafe(name) || !isFieldSafe(value)) return Status.BadArgument;
  return proxy_replace_header_map_value(map, name.dataStart, name.length, value.dataStart, value.length);
}

/** Removes every value of `name`; `Ok` as well when there was none. */
export function removeHeader(map: MapType, name: Uint8Array): Status {
  return proxy_remove_header_map_value(map, name.dataStart, name.length);
}

/** Replaces the whole map. Envoy takes the list as it is: keep the pseudo-headers. */
export function setHeaders(map: MapType, headers: HeaderList): Status {
  const pairs = headers.encode();
  return proxy_set_header_map_pairs(map, pairs.dataStart, pairs.length);
}
