import { readFileSync } from "node:fs";
import { readCertificates } from "./certificates.ts";
import { permittedHosts } from "./name-constraints.ts";
import type { Note } from "./note.ts";
import type { Policy } from "./policy.ts";

/** Envoy validates by all authorities of the bundle alike: one that nothing constrains can sign for every trust domain. */
export function trustBundleNotes({ workloads }: Policy, note: Note): void {
  const { trustDomains, trustBundle } = workloads;
  if (trustBundle === null || trustDomains.length < 2) return;
  for (const authority of readCertificates(readFileSync(trustBundle, "utf8"))) {
    const hosts = permittedHosts(authority);
    const domains = trustDomains.filter((domain) => hosts === null || hosts.some((host) => takes(host, domain)));
    if (domains.length < 2) continue;
    const name = authority.subject.replaceAll("\n", ", ");
    const message =
      `the authority ${name} can speak for ${domains.join(", ")}: its certificate permits the URIs of each. ` +
      "Name constraints (RFC 5280, section 4.2.1.10) in it would hold it to its own trust domain";
    note("authority_of_many", ["identity", "workloads", "trustBundle", "file"], message);
  }
}

function takes(permitted: string, domain: string): boolean {
  return permitted.startsWith(".") ? domain.endsWith(permitted) : domain === permitted;
}
