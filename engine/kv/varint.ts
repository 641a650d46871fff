/** Unsigned integers of up to 53 bits in as few bytes as need be: seven bits a byte, the lowest first, the eighth bit set on all but the last. */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  let at = offset;
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = rest < 2 ** 31 ? rest >>> 7 : Math.floor(rest / 0x80);
  }
  bytes[at++] = rest;
  return at;
}

export function varintBytes(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** Reads at `at.offset` and moves it behind; past the end of `bytes` zeros are read. */
export function readVarint(bytes: Uint8Array, at: { offset: number }): number {
  let value = 0;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = bytes[at.offset++] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80 || scale > 2 ** 46) return value;
  }
}
