import { findOnPath } from "../../scripts/find-on-path.ts";
import { missingForArm64 } from "./arm64.ts";
import { missingForContainers } from "./containers.ts";
import { missingFormerRelease } from "./former-release.ts";
import { missingForSmallDisk } from "./small-disk.ts";

/** Tests that use what need not be there. */
export interface OptionalTests {
  /** What they test. */
  readonly tests: string;
  /** Why they are skipped, in words; null: they run. */
  readonly missing: string | null;
}

export async function optionalTests(): Promise<OptionalTests[]> {
  return [
    { tests: "the dashboard in a real browser", missing: missingOnPath("chromium") },
    { tests: "the containers", missing: await missingForContainers() },
    { tests: "the module's image in a registry", missing: missingForRegistry() },
    { tests: "Envoy and sidecar for arm64 under emulation", missing: missingForArm64() },
    { tests: "the systemd unit", missing: missingForSystemd() },
    { tests: "what kustomize makes of the manifests", missing: missingForKustomize() },
    {
      tests: "filter and sidecar of the release before beside those of this one",
      missing: await missingFormerRelease(),
    },
    { tests: "starts on a full disk", missing: await missingForSmallDisk() },
    { tests: "istioctl on what is rendered for Istio", missing: missingIstioctl() },
  ];
}

export function missingForRegistry(): string | null {
  return missingOnPath("skopeo") ?? missingOnPath("docker-registry");
}

export function missingForKustomize(): string | null {
  return missingOnPath("kubectl");
}

export function missingForSystemd(): string | null {
  return missingOnPath("systemd-analyze");
}

/** `ISTIOCTL`, or the one on PATH; null: there is none. */
export function findIstioctl(): string | null {
  return process.env.ISTIOCTL || findOnPath("istioctl");
}

export function missingIstioctl(): string | null {
  return findIstioctl() === null ? "neither ISTIOCTL names it nor is it on PATH" : null;
}

function missingOnPath(tool: string): string | null {
  return findOnPath(tool) === null ? `${tool} is not on PATH` : null;
}
