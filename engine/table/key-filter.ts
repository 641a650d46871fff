import type { RowKey } from './row-key.ts';

const BITS_PER_KEY = 12;
const PROBES = 6;
const MULTIPLIER = 0x9e3779b1;

/** A Bloom filter: of a key that is not in it says so, but for a few in a thousand. */
export class KeyFilter {
  readonly keyCount: number;
  readonly #words: Uint32Array;
  readonly #mask: number;

  constructor(keyCount: number) {
    this.keyCount = keyCount;
    const bits = 2 ** Math.ceil(Math.log2(Math.max(keyCount, 4) * BITS_PER_KEY));
    this.#words = new Uint32Array(bits / 32);
    this.#mask = bits - 1;
  }

  add(key: RowKey): void {
    const [first, step] = hash(key);
    for (let probe = 0, at = first; probe < PROBES; probe++, at = (at + step) | 0) {
      const bit = at & this.#mask;
      this.#words[bit >>> 5]! |= 1 << (bit & 31);
    }
  }

  mayHold(key: RowKey): boolean {
    const [first, step] = hash(key);
    for (let probe = 0, at = first; probe < PROBES; probe++, at = (at + step) | 0) {
      const bit = at & this.#mask;
      if (((this.#words[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }
}

/** Two numbers of 32 bits, the second one odd. */
function hash(key: RowKey): readonly [number, number] {
  let low = 0;
  let high = 0;
  if (typeof key === 'number') {
    low = key | 0;
    high = Math.floor(key / 2 ** 32) | 0;
  } else if (typeof key === 'bigint') {
    low = Number(BigInt.asIntN(32, key));
    high = Number(BigInt.asIntN(32, key >> 32n));
  } else {
    for (let index = 0; index < key.length; index++) {
      low = Math.imul(low ^ key.charCodeAt(index), MULTIPLIER);
      high = (high + low) ^ (low >>> 15);
    }
  }
  const a = mixed(low ^ Math.imul(high, 0x85ebca6b));
  const b = mixed(a ^ high ^ 0x27d4eb2f);
  return [a, b | 1];
}

function mixed(value: number): number {
  let x = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
