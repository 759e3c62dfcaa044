/** How a call can end other than well: names of gRPC's status codes. */
export type ServiceErrorCode =
  | "invalid_argument"
  | "failed_precondition"
  | "resource_exhausted"
  | "deadline_exceeded"
  | "cancelled"
  | "unavailable"
  | "internal";

/** The one error of the service; `server.ts` turns it into a gRPC status. Its message goes to the caller. */
export class ServiceError extends Error {
  readonly code: ServiceErrorCode;

  constructor(code: ServiceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ServiceError";
    this.code = code;
  }

  /** Anything caught as a ServiceError; what is not one is `internal`, its message kept from the caller. */
  static from(caught: unknown): ServiceError {
    return caught instanceof ServiceError ? caught : new ServiceError("internal", "internal error", { cause: caught });
  }
}
