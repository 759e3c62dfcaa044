import type { TestEnvoy } from "../../harness/envoy.ts";
import type { Surroundings } from "../probe-gateway.ts";

/** What the cases share; filled before the first of them runs. */
export interface Scene {
  surroundings: Surroundings;
  envoy: TestEnvoy;
  port: number;
}
