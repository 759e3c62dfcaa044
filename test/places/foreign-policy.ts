import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { main } from "../../scripts/cli.ts";
import { type Certificate, issueCertificate } from "../../scripts/demo/certificate.ts";
import { makeIssuer, type TestIssuer } from "../harness/issuer.ts";

/** A policy that no place was made for, with all that it names. */
export interface ForeignPolicy {
  readonly folder: string;
  readonly path: string;
  readonly shop: TestIssuer;
  readonly authority: Certificate;
  /** SPIFFE id spiffe://edge.example/ns/stock/sa/robot. */
  readonly robot: Certificate;
  /** `postern render` into a folder of that name; gives its path. */
  render(target: string, name: string, ...flags: string[]): Promise<string>;
  remove(): Promise<void>;
}

/** As many and as long as expressions of Envoy's are not by default. */
const branches = Array.from({ length: 63 }, (_, i) => `branch-${i}.warehouse.stock.example`).join(", ");

const warehouse = `# Of a warehouse.
version: 1
mode: detect
listener: { tls: { certificate: { file: ./tls/server.pem }, key: { file: ./tls/server.key } } }
identity:
  issuers:
    - { name: shop, issuer: https://issuer.shop.example, audiences: [stock], algorithms: [RS256, ES256], jwks: { file: ./jwks.json } }
  workloads: { trustDomains: [edge.example], trustBundle: { file: ./tls/ca.pem } }
routes:
  - { name: alive, match: { methods: [GET, HEAD], path: /alive }, public: true, score: off }
  - { name: weighed, match: { methods: [GET], path: /weighed }, public: true, mode: prevent, score: { ask: always, deadline: 30s } }
  - { name: own-shelf, match: { hosts: [localhost, ${branches}], methods: [GET], path: /shelves/own }, public: true, score: headers }
  - name: shelves
    match: { methods: [GET, PUT], path: "/shelves/{id}" }
    mode: prevent
    allow:
      - { issuer: shop, scopes: [stock:read] }
      - { issuer: shop, claims: { role: [clerk] }, networks: ["127.0.0.0/8"] }
      - { workloads: ["spiffe://edge.example/ns/stock/*"] }
    score: { deadline: 2s, onUnavailable: open }
  - { name: notes, match: { hosts: [localhost, "*.stock.example"], methods: [POST], path: /notes/** }, public: true, mode: prevent, score: { deadline: 2s, maxBody: 8KiB, onUnavailable: open } }
`;

/** @param more files beside the policy, by path */
export async function makeForeignPolicy(
  text: string = warehouse,
  more: Readonly<Record<string, string>> = {},
): Promise<ForeignPolicy> {
  const folder = await mkdtemp(join(tmpdir(), "place-"));
  const authority = await issueCertificate({ name: "authority", alternativeNames: [], validDays: 1 }, null);
  const names = ["localhost", "127.0.0.1"];
  const server = await issueCertificate({ name: "gate", alternativeNames: names, validDays: 1 }, authority);
  const id = ["spiffe://edge.example/ns/stock/sa/robot"];
  const robot = await issueCertificate({ name: "robot", alternativeNames: id, validDays: 1 }, authority);
  const shop = await makeIssuer("https://issuer.shop.example", "stock");
  const path = join(folder, "warehouse.yaml");
  const files = {
    "warehouse.yaml": text,
    "jwks.json": shop.jwks,
    "tls/server.pem": server.certificatePem,
    "tls/server.key": server.keyPem,
    "tls/ca.pem": authority.certificatePem,
    ...more,
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return {
    folder,
    path,
    shop,
    authority,
    robot,
    render: async (target, name, ...flags) => {
      const out = join(folder, name);
      const code = await main(["render", path, "--target", target, "--out", out, ...flags]);
      if (code !== 0) throw new Error(`postern render ended with ${code}`);
      return out;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export async function readJson(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
}
