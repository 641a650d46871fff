import type { Put } from './store.ts';

const VALUE_BYTES = 100;
const DISTINCT_VALUES = 1 << 16;
const SUFFIXES = ['', 'a', 'bc', 'def', 'ghij'] as const;
const KEY_DIGITS = 16;
const MEAN_KEY_BYTES = KEY_DIGITS + 2;

/** Bytes of `count` pairs: keys of 16 to 20 bytes, evenly, and values of 100. */
export function pairBytes(count: number): number {
  return count * (MEAN_KEY_BYTES + VALUE_BYTES);
}

/** A seeded generator of 32-bit numbers, so that both contestants do the same work. */
export class Sequence {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `limit` - 1; `limit` below 2^32. */
  next(limit: number): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return Math.floor((((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000) * limit);
  }
}

/** Key number `index`: numbers and keys have the same order. */
export function keyOf(index: number): Uint8Array {
  const digits = String(index).padStart(KEY_DIGITS, '0');
  return Buffer.from(digits + (SUFFIXES[index % SUFFIXES.length] ?? ''), 'latin1');
}

/** 0 to `count` - 1 in random order. */
export function shuffled(count: number, seed: number): Uint32Array {
  const random = new Sequence(seed);
  const order = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    const other = random.next(index + 1);
    order[index] = order[other] ?? 0;
    order[other] = index;
  }
  return order;
}

/** Printable values whose second half repeats the first, so that they compress to a half. */
export class Values {
  readonly #pool: Buffer;

  constructor(seed: number) {
    const random = new Sequence(seed);
    this.#pool = Buffer.alloc(DISTINCT_VALUES * VALUE_BYTES);
    for (let start = 0; start < this.#pool.length; start += VALUE_BYTES) {
      const half = start + VALUE_BYTES / 2;
      for (let position = start; position < half; position++) this.#pool[position] = 32 + random.next(95);
      this.#pool.copyWithin(half, start, half);
    }
  }

  /** The value of a key number in a generation: overwriting makes the next generation. */
  of(index: number, generation: number): Uint8Array {
    const slot = (Math.imul(index, 0x9e3779b1) + Math.imul(generation, 0x85ebca6b)) >>> 16;
    return this.#pool.subarray(slot * VALUE_BYTES, (slot + 1) * VALUE_BYTES);
  }

  put(index: number, generation: number): Put {
    return { type: 'put', key: keyOf(index), value: this.of(index, generation) };
  }
}
