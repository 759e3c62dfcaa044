/** As far as an exponent is counted: beyond all that a policy names, however many digits a number has. */
const MAX_EXPONENT: i32 = 100_000_000;

/** A JSON number by its value: sign, digits without leading and trailing zeros, power of ten of the last digit. */
export class Decimal {
  constructor(
    public readonly negative: bool,
    public readonly digits: Uint8Array,
    public readonly exponent: i32,
  ) {}

  /** Below zero: this is the smaller one; zero: the same value. */
  compare(other: Decimal): i32 {
    if (this.negative != other.negative) return this.negative ? -1 : 1;
    return this.negative ? other.compareMagnitude(this) : this.compareMagnitude(other);
  }

  private compareMagnitude(other: Decimal): i32 {
    const length = this.digits.length;
    const otherLength = other.digits.length;
    if (length == 0 || otherLength == 0) return length - otherLength;
    // The power of ten above the first digit.
    const size = this.exponent + length - (other.exponent + otherLength);
    if (size != 0) return size;
    const order = memory.compare(this.digits.dataStart, other.digits.dataStart, min(length, otherLength));
    return order != 0 ? order : length - otherLength;
  }
}

/** Reads a number in the grammar of RFC 8259 section 6, exactly as far as a policy can tell; null: it is none. */
export function parseDecimal(text: Uint8Array): Decimal | null {
  const length = text.length;
  let at = 0;
  const negative = length > 0 && text[0] == 0x2d;
  if (negative) at = 1;
  const digits = new Uint8Array(length);
  let count = 0;
  const integer = at;
  for (; at < length && isDigit(text[at]); at++) digits[count++] = text[at];
  if (count == 0 || (count > 1 && text[integer] == 0x30)) return null;
  let exponent = 0;
  if (at < length && text[at] == 0x2e) {
    const fraction = ++at;
    for (; at < length && isDigit(text[at]); at++) digits[count++] = text[at];
    if (at == fraction) return null;
    exponent = fraction - at;
  }
  if (at < length) {
    if ((text[at] | 0x20) != 0x65) return null;
    at += 1;
    const minus = at < length && text[at] == 0x2d;
    if (at < length && (text[at] == 0x2d || text[at] == 0x2b)) at += 1;
    if (at == length) return null;
    let power = 0;
    for (; at < length; at++) {
      if (!isDigit(text[at])) return null;
      power = min(power * 10 + (text[at] - 0x30), MAX_EXPONENT);
    }
    exponent += minus ? -power : power;
  }
  return normalise(negative, digits.subarray(0, count), exponent);
}

function normalise(negative: bool, digits: Uint8Array, exponent: i32): Decimal {
  let first = 0;
  let end = digits.length;
  while (first < end && digits[first] == 0x30) first += 1;
  while (end > first && digits[end - 1] == 0x30) {
    end -= 1;
    exponent += 1;
  }
  return first == end
    ? new Decimal(false, digits.subarray(0, 0), 0)
    : new Decimal(negative, digits.subarray(first, end), exponent);
}

function isDigit(byte: u32): bool {
  return byte - 0x30 < 10;
}
