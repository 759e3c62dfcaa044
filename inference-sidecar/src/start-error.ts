/** Why the sidecar could not start, and the exit code that says so to its supervisor. */
const EXIT_CODES = {
  usage: 2,
  configuration: 2,
  bundle: 3,
  socket_refused: 4,
  already_running: 5,
  state_directory: 6,
  dashboard_address: 7,
} as const;

export type StartErrorCode = keyof typeof EXIT_CODES;

export class StartError extends Error {
  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string) {
    super(message);
    this.name = "StartError";
    this.code = code;
  }

  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}
