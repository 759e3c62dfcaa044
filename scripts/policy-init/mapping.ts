export type Mapping = Readonly<Record<string, unknown>>;

/** Empty for what is none. */
export function mapping(value: unknown): Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Mapping) : {};
}
