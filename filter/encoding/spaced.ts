const SPACE: u8 = 0x20;

/** The texts with a space between them. */
export function spaced(texts: Uint8Array[]): Uint8Array {
  return joined(texts, SPACE);
}

export function joined(texts: Uint8Array[], separator: u8): Uint8Array {
  let length = max(texts.length - 1, 0);
  for (let i = 0; i < texts.length; i++) length += texts[i].length;
  const line = new Uint8Array(length).fill(separator);
  for (let i = 0, at = 0; i < texts.length; at += texts[i].length + 1, i++) line.set(texts[i], at);
  return line;
}
