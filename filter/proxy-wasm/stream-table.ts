import { HttpContext } from "./context";

const FIRST_SIZE: i32 = 256;

/**
 * The contexts of live streams by id. The host counts its ids up, so a place chosen by an id's last bits is nearly always
 * free: open addressing with a step of one, half full at most, without a memory of what is gone.
 */
export class StreamTable {
  private places: StaticArray<HttpContext | null> = new StaticArray<HttpContext | null>(FIRST_SIZE);
  private count: i32 = 0;

  find(contextId: u32): HttpContext | null {
    return unchecked(this.places[this.placeOf(contextId)]);
  }

  add(context: HttpContext): void {
    if (this.count * 2 >= this.places.length) this.grow();
    this.put(context);
    this.count += 1;
  }

  /** Those behind it that were pushed on by it move up. */
  remove(contextId: u32): void {
    const mask = this.places.length - 1;
    let hole = this.placeOf(contextId);
    if (unchecked(this.places[hole]) === null) return;
    this.count -= 1;
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const context = unchecked(this.places[at]);
      if (context === null) break;
      const wanted = <i32>context.contextId & mask;
      if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
      unchecked((this.places[hole] = context));
      hole = at;
    }
    unchecked((this.places[hole] = null));
  }

  /** Where the id stands, or would. */
  private placeOf(contextId: u32): i32 {
    const mask = this.places.length - 1;
    let place = <i32>contextId & mask;
    let context = unchecked(this.places[place]);
    while (context !== null && context.contextId != contextId) {
      place = (place + 1) & mask;
      context = unchecked(this.places[place]);
    }
    return place;
  }

  private put(context: HttpContext): void {
    unchecked((this.places[this.placeOf(context.contextId)] = context));
  }

  private grow(): void {
    const before = this.places;
    this.places = new StaticArray<HttpContext | null>(before.length * 2);
    for (let i = 0; i < before.length; i++) {
      const context = unchecked(before[i]);
      if (context !== null) this.put(context);
    }
  }
}
