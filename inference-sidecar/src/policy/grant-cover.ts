import type { Condition, Grant, Interval, Network, ValueTest } from "./policy.ts";

/** Whether everything that fits `inner` fits `outer` as well, as far as the two say; expiry does not count. */
export function coversGrant(outer: Grant, inner: Grant): boolean {
  return (
    (outer.issuer === null || outer.issuer === inner.issuer) &&
    outer.scopes.every((scope) => inner.scopes.includes(scope)) &&
    anyOf(outer.workloads, inner.workloads, coversWorkload) &&
    anyOf(outer.apiKeys, inner.apiKeys, (one, other) => one === other) &&
    anyOf(outer.networks, inner.networks, coversNetwork) &&
    anyOf(outer.times, inner.times, coversTime) &&
    allOf(outer.claims, inner.claims) &&
    allOf(outer.headers, inner.headers)
  );
}

/** Of a list one must fit; an empty one asks for nothing. */
function anyOf<T>(outer: readonly T[], inner: readonly T[], covers: (one: T, other: T) => boolean): boolean {
  if (outer.length === 0) return true;
  return inner.length > 0 && inner.every((other) => outer.some((one) => covers(one, other)));
}

/** Of conditions all must fit. */
function allOf(outer: readonly Condition[], inner: readonly Condition[]): boolean {
  return outer.every((one) =>
    inner.some((other) => one.name === other.name && anyOf(one.values, other.values, coversTest)),
  );
}

function coversTest(outer: ValueTest, inner: ValueTest): boolean {
  if (outer.kind === inner.kind && outer.value === inner.value) return true;
  if (isLower(outer) && isLower(inner)) return inner.value > outer.value || takesEdge(outer, inner, "atLeast");
  if (isUpper(outer) && isUpper(inner)) return inner.value < outer.value || takesEdge(outer, inner, "atMost");
  const isText = inner.kind === "string" || inner.kind === "prefix";
  return outer.kind === "prefix" && isText && String(inner.value).startsWith(String(outer.value));
}

function isLower({ kind }: ValueTest): boolean {
  return kind === "atLeast" || kind === "above";
}

function isUpper({ kind }: ValueTest): boolean {
  return kind === "atMost" || kind === "below";
}

function takesEdge(outer: ValueTest, inner: ValueTest, closed: "atLeast" | "atMost"): boolean {
  return inner.value === outer.value && outer.kind === closed;
}

function coversWorkload(outer: string, inner: string): boolean {
  return outer === inner || (outer.endsWith("/*") && inner.startsWith(outer.slice(0, -1)));
}

function coversNetwork(outer: Network, inner: Network): boolean {
  if (outer.bits > inner.bits) return false;
  for (let bit = 0; bit < outer.bits; bit++) {
    const mask = 0x80 >> (bit & 7);
    if (((outer.address[bit >> 3] ?? 0) & mask) !== ((inner.address[bit >> 3] ?? 0) & mask)) return false;
  }
  // An IPv6 network holds no IPv4 address.
  return outer.bits >= 96 || inner.bits < 96;
}

function coversTime(outer: Interval, inner: Interval): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}
