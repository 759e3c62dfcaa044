/** A non-negative number in decimal digits. */
export function ordinal(number: i32): Uint8Array {
  let digits = 1;
  for (let rest = number / 10; rest > 0; rest /= 10) digits += 1;
  const text = new Uint8Array(digits);
  for (let i = digits - 1; i >= 0; i--) {
    unchecked((text[i] = <u8>(0x30 + (number % 10))));
    number /= 10;
  }
  return text;
}
