import { generateKeyPairSync, randomBytes } from "node:crypto";
import { stringify } from "yaml";
import type { Draft, DraftGrant, DraftIssuer, DraftRoute } from "./draft.ts";

/** The draft as a policy file that `postern check` takes, with comments on what is to be filled in. */
export function policyText(draft: Draft): string {
  return [...head(draft), ...identity(draft), "routes:", ...draft.routes.flatMap(route), ""].join("\n");
}

function head({ source, notes }: Draft): string[] {
  return [
    `# A first policy, from ${comment(source)}. Nothing is denied yet: read it, replace what FILL IN marks, run \`postern check\` and`,
    "# `postern test`, then go from `observe` to `detect` and `prevent`. docs/policy.md documents every field.",
    ...notes.map((note) => `# ${comment(note)}`),
    "version: 1",
    "mode: observe",
    "# Who sends 30 bad credentials within a minute gets 429. Behind proxies: `trustedHops`.",
    "limits: { perAddress: 30, perSubject: 30, window: 1m }",
  ];
}

function identity({ issuers, apiKeyHeader }: Draft): string[] {
  const lines = issuers.length === 0 ? [] : ["  issuers:", ...issuers.flatMap(issuer)];
  if (apiKeyHeader !== null) {
    lines.push(
      "  apiKeys:",
      `    header: ${plain(apiKeyHeader)}`,
      "    # FILL IN: `openssl rand -hex 32` makes a key, `printf %s KEY | sha256sum` its digest. Nobody has the key of this one.",
      `    keys: [{ name: fill-in, sha256: "${randomBytes(32).toString("hex")}" }]`,
    );
  }
  return lines.length === 0 ? [] : ["identity:", ...lines];
}

function issuer({ name, issuer: iss, note }: DraftIssuer): string[] {
  // A key that nobody can sign with: the file is valid, and until the real keys stand here nobody gets in.
  const { x, y } = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
  return [
    `    # FILL IN: ${comment(note)}; \`audiences\`, \`algorithms\`, and the keys: \`jwks: { file: ./jwks.json }\``,
    `    - name: ${plain(name)}`,
    `      issuer: ${quoted(iss)}`,
    "      audiences: [fill-in]",
    "      algorithms: [ES256]",
    "      # A key that nobody has: no token is valid until it is replaced.",
    `      jwks: { inline: { keys: [{ kty: EC, crv: P-256, use: sig, x: "${x}", y: "${y}" }] } }`,
  ];
}

function route({ name, methods, path, allow, upgrades, notes }: DraftRoute): string[] {
  const access = allow === null ? "    public: true" : `    allow: [${allow.map(grant).join(", ")}]`;
  return [
    ...notes.map((note) => `  # ${comment(note)}`),
    `  - name: ${plain(name)}`,
    `    match: { methods: [${methods.join(", ")}], path: ${quoted(path)} }`,
    access,
    ...(upgrades ? ["    score: headers"] : []),
  ];
}

function grant({ issuer: name, scopes, apiKey }: DraftGrant): string {
  const parts = [
    ...(name === undefined ? [] : [`issuer: ${plain(name)}`]),
    ...(scopes === undefined ? [] : [`scopes: [${scopes.map(quoted).join(", ")}]`]),
    ...(apiKey ? ["apiKeys: [fill-in]"] : []),
  ];
  return `{ ${parts.join(", ")} }`;
}

/** A name, in quotes where YAML would take it for a number, a truth or nothing. */
function plain(name: string): string {
  return stringify(name).trimEnd();
}

/** JSON's strings are YAML's. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function comment(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a document's text must not end the comment
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").slice(0, 300);
}
