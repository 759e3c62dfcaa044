import { ServiceError } from "./service-error.ts";

/** Permits given before the queue: what is not admitted is refused at once, so that waiting is bounded. */
export class Admission {
  #calls = 0;
  #windows = 0;
  readonly #mostCalls: number;
  readonly #mostWindows: number;

  constructor(mostCalls: number, mostWindows = Number.POSITIVE_INFINITY) {
    this.#mostCalls = mostCalls;
    this.#mostWindows = mostWindows;
  }

  get callsInFlight(): number {
    return this.#calls;
  }

  /**
   * @returns gives the permit back
   * @throws ServiceError `resource_exhausted`
   */
  admit(windows = 0): () => void {
    if (this.#calls >= this.#mostCalls || this.#windows + windows > this.#mostWindows) {
      throw new ServiceError("resource_exhausted", "too many calls in flight");
    }
    this.#calls += 1;
    this.#windows += windows;
    return () => {
      this.#calls -= 1;
      this.#windows -= windows;
    };
  }
}
