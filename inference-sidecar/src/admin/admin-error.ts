/** Why a command was refused: a name for programs, and words that say what to do next. */
const STATUS = {
  bad_request: 400,
  unauthenticated: 401,
  not_found: 404,
  conflict: 409,
  rate_limited: 429,
  unavailable: 503,
} as const;

export type AdminErrorCode = keyof typeof STATUS;

export class AdminError extends Error {
  readonly code: AdminErrorCode;

  constructor(code: AdminErrorCode, message: string) {
    super(message);
    this.name = "AdminError";
    this.code = code;
  }

  get status(): number {
    return STATUS[this.code];
  }
}
