import { HealthImplementation } from "grpc-health-check";

/** grpc.health.v1: SERVING only while the model is loaded and warm and the sidecar is not draining. */
export class Health {
  readonly service: HealthImplementation;
  readonly #names: readonly string[];
  #modelReady = false;
  #draining = false;

  constructor(serviceName: string) {
    this.#names = ["", serviceName];
    this.service = new HealthImplementation(Object.fromEntries(this.#names.map((name) => [name, "NOT_SERVING"])));
  }

  setModelReady(ready: boolean): void {
    this.#modelReady = ready;
    this.#publish();
  }

  setDraining(): void {
    this.#draining = true;
    this.#publish();
  }

  #publish(): void {
    const status = this.#modelReady && !this.#draining ? "SERVING" : "NOT_SERVING";
    for (const name of this.#names) this.service.setStatus(name, status);
  }
}
