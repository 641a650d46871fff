import type { EntryCursor } from '../entry.ts';

/** The bytes of one key, kept while the cursor that had it goes on and uses its memory again. */
export class KeyMemory {
  bytes = new Uint8Array(64);
  length = 0;

  keep({ key, keyStart, keyEnd }: EntryCursor): void {
    const length = keyEnd - keyStart;
    if (length > this.bytes.length) this.bytes = new Uint8Array(2 * length);
    for (let at = 0; at < length; at++) this.bytes[at] = key[keyStart + at] as number;
    this.length = length;
  }

  /** Whether the entry at a cursor has this key. */
  is({ key, keyStart, keyEnd }: EntryCursor): boolean {
    if (keyEnd - keyStart !== this.length) return false;
    // Neighbouring keys differ near their ends.
    for (let at = this.length - 1; at >= 0; at--) if (key[keyStart + at] !== this.bytes[at]) return false;
    return true;
  }

  copy(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}
