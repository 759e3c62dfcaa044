export type Mapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Empty for what is none. */
export function mapping(value: unknown): Mapping {
  return isMapping(value) ? value : {};
}
