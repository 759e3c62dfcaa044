import { ServiceError } from "./service-error.ts";

/** Version of what filter, sidecar and gateway tell each other: `inference-sidecar/proto/postern.proto`. */
export const PROTOCOL = 2;

/** Of releases that did not say it yet. */
const UNSAID = 1;

/** Whether two sides may work together: the same version, or one step apart. `theirs` 0: they did not say it. */
export function isCompatible(theirs: number): boolean {
  return Math.abs((theirs || UNSAID) - PROTOCOL) <= 1;
}

/** Why a request of that version is not answered; null: it is. `theirs` undefined: of a service without versions. */
export function refuseProtocol(theirs: number | undefined): ServiceError | null {
  if (theirs === undefined || isCompatible(theirs)) return null;
  return new ServiceError(
    "failed_precondition",
    `the filter speaks protocol ${theirs || UNSAID}, the sidecar ${PROTOCOL} and one step each way [wrong_pair]`,
  );
}
