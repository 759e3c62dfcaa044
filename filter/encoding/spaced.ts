const SPACE: u8 = 0x20;

/** The texts with a space between them. */
export function spaced(texts: Uint8Array[]): Uint8Array {
  return joined(texts, SPACE);
}

export function joined(texts: Uint8Array[], separator: u8): Uint8Array {
  if (texts.length == 1) return texts[0];
  let length = max(texts.length - 1, 0);
  for (let i = 0; i < texts.length; i++) length += texts[i].length;
  const line = new Uint8Array(length);
  let at = line.dataStart;
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i];
    if (i > 0) store<u8>(at++, separator);
    memory.copy(at, text.dataStart, text.length);
    at += text.length;
  }
  return line;
}
