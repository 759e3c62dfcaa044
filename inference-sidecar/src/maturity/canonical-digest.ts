import { createHash, type Hash } from "node:crypto";
import { canonical } from "../decision-log/chain.ts";

const DIGEST_DIGITS = 32;

/** Members of an object by their names, each as the bytes of its canonical text. */
export type Members = Readonly<Record<string, Buffer>>;

/** Of a part of the policy, as the gateway and the sidecar alike have it: in whatever order its members stand. */
export function digestOf(part: object): string {
  return shorten(createHash("sha256").update(canonical(told(part))));
}

/** What many objects have alike, written once and not for each. */
export function membersOf(part: object): Members {
  const members = Object.entries(told(part)).map(([name, value]) => [name, Buffer.from(canonical(value))]);
  return Object.fromEntries(members) as Members;
}

/** The same as `digestOf({ ...part, ...members })`, where they have no name in common. */
export function digestWith(part: object, members: Members): string {
  const own = told(part);
  const hash = createHash("sha256");
  const names = [...Object.keys(own), ...Object.keys(members)].sort();
  let text = "{";
  for (const [index, name] of names.entries()) {
    text += `${index === 0 ? "" : ","}${JSON.stringify(name)}:`;
    const bytes = members[name];
    if (bytes === undefined) text += canonical(own[name] as object);
    else {
      hash.update(text).update(bytes);
      text = "";
    }
  }
  return shorten(hash.update(`${text}}`));
}

/** As it is once it was sent as JSON. */
function told(part: object): Readonly<Record<string, object>> {
  return JSON.parse(
    JSON.stringify(part, (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value)),
  );
}

function shorten(hash: Hash): string {
  return hash.digest("hex").slice(0, DIGEST_DIGITS);
}
