const NUMBER_DIGITS = 4;

/** Names of files with a UTC date and a number of that day in them, `decisions-2026-11-22-0001.jsonl`: by these they have an order. */
export class DatedNames {
  readonly #pattern: RegExp;
  readonly #make: (dateAndNumber: string) => string;

  /** @param pattern has two groups, the date and the number @param make the name with both, joined by a hyphen */
  constructor(pattern: RegExp, make: (dateAndNumber: string) => string) {
    this.#pattern = pattern;
    this.#make = make;
  }

  /** The UTC date in a name, `2026-11-22`; empty: it is none of these names. */
  dateOf(name: string): string {
    return this.#pattern.exec(name)?.[1] ?? "";
  }

  /** Those of them that are such names, oldest first. */
  sorted(names: readonly string[]): string[] {
    const found = names.filter((name) => this.#pattern.test(name));
    return found.sort((a, b) => this.dateOf(a).localeCompare(this.dateOf(b)) || this.#numberOf(a) - this.#numberOf(b));
  }

  /** The next name of this date, or, where a clock was set back, of the newest one's: the order of names is that of the files. */
  next(newest: string, today: string): string {
    const ofNewest = this.dateOf(newest);
    const date = ofNewest > today ? ofNewest : today;
    const number = ofNewest === date ? this.#numberOf(newest) + 1 : 1;
    return this.#make(`${date}-${String(number).padStart(NUMBER_DIGITS, "0")}`);
  }

  #numberOf(name: string): number {
    return Number(this.#pattern.exec(name)?.[2] ?? 0);
  }
}
