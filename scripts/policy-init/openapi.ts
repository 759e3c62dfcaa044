import { parseDocument } from "yaml";
import { refuseKeyHeader } from "../../inference-sidecar/src/policy/header-name.ts";
import { METHODS } from "../../inference-sidecar/src/policy/policy.ts";
import { type Draft, type DraftGrant, type DraftIssuer, type DraftRoute, Names, UNKNOWN_ISSUER } from "./draft.ts";
import { dereferenced } from "./local-reference.ts";
import { isMapping, type Mapping, mapping } from "./mapping.ts";
import { bySpecificity, templateOf } from "./path-template.ts";
import { serverPath } from "./server-path.ts";

const OPERATIONS_MOST = 5000;
/** Of one anchor, those within it counted: each operation may have several. */
const ALIASES_MOST = 100_000;

/** What a document of OpenAPI 3 says of paths, methods and who may call them. @throws Error it is none */
export function draftFromOpenApi(text: string, file: string): Draft {
  // Most readers of OpenAPI know YAML's merge keys: what they bring can be who may.
  const parsed = parseDocument(text, { merge: true });
  const [fault] = parsed.errors;
  if (fault) throw new Error(`${file} is no YAML or JSON: ${fault.message}`);
  const document = mapping(parsed.toJS({ maxAliasCount: ALIASES_MOST }));
  if (!/^3(\.|$)/.test(String(document.openapi ?? ""))) {
    throw new Error(
      `${file} is no document of OpenAPI 3: it needs \`openapi: 3.x\`. Convert version 2 (Swagger) first.`,
    );
  }
  const schemes = new Schemes(document);
  const names = new Names();
  const notes = new Set<string>();
  let operations = 0;
  /** By method and shape of the path. */
  const routes = new Map<string, DraftRoute>();
  for (const [path, written] of Object.entries(mapping(document.paths))) {
    if (!path.startsWith("/")) {
      if (!path.startsWith("x-")) notes.add(`${path} was left out: it does not begin with "/"`);
      continue;
    }
    const item = dereferenced(document, written);
    if (item === null) notes.add(`${path} was left out: it does not stand in the document ($ref)`);
    for (const [key, value] of Object.entries(item ?? {})) {
      const method = METHODS.find((one) => one === key.toUpperCase());
      if (method === undefined) continue;
      if (++operations > OPERATIONS_MOST) throw new Error(`${file} has more than ${OPERATIONS_MOST} operations`);
      const operation = dereferenced(document, value);
      if (operation === null) {
        notes.add(`${method} ${path} was left out: it does not stand in the document ($ref)`);
        continue;
      }
      const server = serverPath([operation.servers, item?.servers, document.servers]);
      for (const note of server.notes) notes.add(note);
      const bare = path.replace(/\{?[?#].*$/s, "");
      if (bare !== path) notes.add(`${path} is taken as ${bare}: a route takes its requests with any query`);
      const template = templateOf(server.base + bare);
      if (template === null) {
        notes.add(`${method} ${path} was left out: no pattern can match it`);
        continue;
      }
      const shape = `${method} ${template.shape}`;
      const security = operation.security ?? document.security;
      const other = routes.get(shape);
      if (other !== undefined && (other.allow !== null || schemes.asksForNobody(security))) {
        notes.add(`${method} ${path} was left out: route ${other.name} has its shape, and takes its requests`);
        continue;
      }
      if (other !== undefined)
        notes.add(
          `${method} ${other.path} was left out: ${path} has its shape, takes its requests, and not everybody's`,
        );
      const wanted =
        typeof operation.operationId === "string" ? operation.operationId : `${method.toLowerCase()}${path}`;
      const { allow, said } = schemes.access(security);
      const wider = template.wider ? ["wider than the document: a parameter takes a whole segment here"] : [];
      routes.set(shape, {
        name: names.of(wanted),
        methods: [method],
        path: template.path,
        allow,
        upgrades: false,
        notes: [...said, ...wider],
      });
    }
  }
  if (routes.size === 0) throw new Error(`${file} has no operation that a route could take.`);
  const { issuers, apiKeyHeader } = schemes.used;
  return {
    source: file,
    issuers,
    apiKeyHeader,
    routes: [...routes.values()].toSorted(bySpecificity),
    notes: [...notes],
  };
}

type MutableGrant = { -readonly [Field in keyof DraftGrant]: DraftGrant[Field] };

/** The security schemes of a document as issuers and API keys. */
class Schemes {
  readonly #document: Mapping;
  readonly #schemes: Mapping;
  /** By `iss`: schemes of one provider are one issuer. */
  readonly #issuers = new Map<string, DraftIssuer>();
  readonly #names = new Names();
  #apiKeyHeader: string | null = null;

  constructor(document: Mapping) {
    this.#document = document;
    this.#schemes = mapping(mapping(document.components).securitySchemes);
  }

  get used(): { issuers: DraftIssuer[]; apiKeyHeader: string | null } {
    return { issuers: [...this.#issuers.values()], apiKeyHeader: this.#apiKeyHeader };
  }

  /** Whoever comes may: there is no alternative, or one that needs nothing. */
  asksForNobody(security: unknown): boolean {
    const alternatives = alternativesOf(security);
    return alternatives.length === 0 || alternatives.some((one) => Object.keys(one).length === 0);
  }

  /** Alternatives, of which each may need several schemes. */
  access(security: unknown): { allow: DraftGrant[] | null; said: string[] } {
    const alternatives = alternativesOf(security);
    if (alternatives.length === 0) return { allow: null, said: ["the document asks for nobody here: is that so?"] };
    if (this.asksForNobody(security)) {
      return { allow: null, said: ["the document takes credentials here, and needs none"] };
    }
    const said = new Set<string>();
    const grants = alternatives.map((one) => {
      const grant: MutableGrant = {};
      for (const [name, scopes] of Object.entries(one)) this.#add(grant, name, strings(scopes), said);
      if (grant.issuer === undefined && !grant.apiKey) grant.issuer = this.#issuer(UNKNOWN_ISSUER);
      return grant;
    });
    const different = new Map(grants.map((grant) => [JSON.stringify(grant), grant]));
    return { allow: [...different.values()], said: [...said] };
  }

  #add(grant: MutableGrant, name: string, scopes: string[], said: Set<string>) {
    const scheme = dereferenced(this.#document, this.#schemes[name]) ?? {};
    const isBearer = scheme.type === "http" && String(scheme.scheme).toLowerCase() === "bearer";
    if (scheme.type === "oauth2" || scheme.type === "openIdConnect" || isBearer) {
      const issuer = this.#issuer(issuerOf(name, scheme));
      grant.issuer ??= issuer;
      if (grant.issuer !== issuer) {
        said.add(`scheme ${name} is asked for as well, and a grant takes one issuer's token: FILL IN who may`);
        return;
      }
      const usable = scopes.filter((scope) => /^[!#-[\]-~]+$/.test(scope));
      if (usable.length > 0) grant.scopes = [...new Set([...(grant.scopes ?? []), ...usable])];
    } else if (scheme.type === "apiKey" && scheme.in === "header" && this.#takesHeader(String(scheme.name))) {
      grant.apiKey = true;
    } else {
      said.add(`scheme ${name} (${scheme.type ?? "not defined"}) has no counterpart here: FILL IN who may`);
    }
  }

  #takesHeader(name: string): boolean {
    const header = name.toLowerCase();
    if (refuseKeyHeader(header) === null) this.#apiKeyHeader ??= header;
    return this.#apiKeyHeader === header;
  }

  #issuer(issuer: DraftIssuer): string {
    const known = this.#issuers.get(issuer.issuer) ?? { ...issuer, name: this.#names.of(issuer.name) };
    this.#issuers.set(issuer.issuer, known);
    return known.name;
  }
}

function issuerOf(scheme: string, { openIdConnectUrl, flows }: Mapping): DraftIssuer {
  const name =
    scheme
      .replace(/[^A-Za-z0-9._-]+/g, "-")
      .replace(/^[^A-Za-z0-9]+/, "")
      .slice(0, 63) || "issuer";
  const discovery = String(openIdConnectUrl ?? "");
  if (discovery.endsWith("/.well-known/openid-configuration")) {
    const issuer = discovery.slice(0, -"/.well-known/openid-configuration".length);
    return { name, issuer, note: `${discovery} says \`issuer\` and \`jwks_uri\`` };
  }
  const [flow] = Object.values(mapping(flows)).map(mapping);
  const url = URL.parse?.(String(flow?.tokenUrl ?? flow?.authorizationUrl ?? "")) ?? null;
  const issuer = url === null || url.origin === "null" ? `https://${name.toLowerCase()}.invalid` : url.origin;
  return { name, issuer, note: "`issuer` must be the `iss` claim of the tokens" };
}

/** What is not written as it must be (`security: [staff]`) still asks for somebody. */
function alternativesOf(security: unknown): Mapping[] {
  return [security ?? []].flat().map((one) => (isMapping(one) ? one : { [String(one)]: [] }));
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
