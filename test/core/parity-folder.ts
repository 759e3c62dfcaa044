import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Certificate, issueCertificate } from "../../scripts/demo/certificate.ts";
import { parityPolicy, proxyWorkload, webWorkload } from "./parity-policy.ts";
import type { Client } from "./parity-requests.ts";
import { makeIssuers } from "./parity-tokens.ts";

/** Writes the policy (`policy.yaml`) into `folder` with the keys and certificates that it names; gives what clients need. */
export async function writeParityFolder(folder: string) {
  const issuers = await makeIssuers();
  const authority = await issueCertificate({ name: "Edge CA", alternativeNames: [], validDays: 1 }, null);
  const issue = (id: string) => issueCertificate({ name: "edge", alternativeNames: [id], validDays: 1 }, authority);
  const server = await issue("127.0.0.1");
  const files = {
    "shop.json": issuers.shop.jwks,
    "partner.json": issuers.partner.jwks,
    "shared.key": issuers.shop.secret,
    "server.pem": server.certificatePem,
    "server.key": server.keyPem,
    "ca.pem": authority.certificatePem,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  await writeFile(join(folder, "policy.yaml"), parityPolicy);
  const certificates: Record<Client, Certificate | null> = {
    none: null,
    web: await issue(webWorkload),
    other: await issue("spiffe://edge.example/ns/shop/sa/other"),
    proxy: await issue(proxyWorkload),
  };
  return { issuers, files, certificates };
}
