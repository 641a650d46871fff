import { DELETE, PUT, type FoundEntry } from '../entry.ts';

/** A table entry is a hash and a place; a bucket of eight is a cache line. With four, so many buckets overflow that rows of a working set that would fit push each other out. */
const BUCKET_WORDS = 16;
/** One table entry for so many bytes of rows: smaller rows are rare. */
const BYTES_PER_SLOT = 64;
/** A row larger than this part of the cache is not kept: one large value must not push out everything else. */
const LARGEST_PART = 16;
/** Below this many bytes there is no cache. */
const SMALLEST_BYTES = 1024;
/** Offsets in the ring must stay small integers. */
const LARGEST_BYTES = 2 ** 30;
/** Up to here, copying byte by byte is cheaper than a call. */
const SHORT_COPY_BYTES = 48;

/** Words of a row: its place in the table, its size in units of 8 bytes, the length of its key, and the length of its value with these flags. The seq, the expiry if any, key and value follow. */
const SLOT = 0;
const UNITS = 1;
const KEY_LENGTH = 2;
const VALUE_LENGTH = 3;
const HEADER_BYTES = 24;
const FLAG_FOUND = 1;
const FLAG_PUT = 2;
const FLAG_EXPIRES = 4;
const FLAG_BITS = 3;
/** A slot of the rest of the ring that a row did not fit into. */
const NO_SLOT = -1;

/** Answers of {@link RowCache.get}. */
export const UNKNOWN = 0;
export const ABSENT = 1;
export const FOUND = 2;

export interface RowCacheStatistics {
  readonly hits: number;
  readonly misses: number;
  /** Memory in use when full. */
  readonly capacityBytes: number;
}

/**
 * What look-ups found in the segments: for a key its newest entry there (a deletion too), or that there is none. A hit saves filters, index and block.
 *
 * Invariant: a row says what the segments of the current `generation` have. Compaction changes nothing about a key's newest entry that a reader could see, so views that differ by
 * compactions alone share a generation. A new one begins (everything is forgotten) when a flush adds entries, and when a compaction may have dropped range deletions together with what
 * they covered. Whoever asks has a view of this generation and sees every entry of its segments; memtables and range deletions are his to look at.
 *
 * Rows are copied into a ring, where new ones take the place of the oldest; the table has buckets of eight. What a hit hands out is good until the next `put`.
 */
export class RowCache {
  readonly #capacityBytes: number;
  #generation = 0;
  #ring: { readonly words: Int32Array; readonly doubles: Float64Array; readonly bytes: Uint8Array } | undefined;
  #slots = new Int32Array(0);
  #bucketMask = 0;
  readonly #ringUnits: number;
  /** Where the next row goes; the oldest is `#usedUnits` before it, all round. */
  #head = 0;
  #usedUnits = 0;
  #hits = 0;
  #misses = 0;

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes < SMALLEST_BYTES ? 0 : Math.min(capacityBytes, LARGEST_BYTES);
    const slotCount = 2 ** Math.floor(Math.log2(Math.max(8, this.#capacityBytes / BYTES_PER_SLOT)));
    this.#ringUnits = Math.max(0, this.#capacityBytes - slotCount * 8) >>> 3;
    this.#bucketMask = slotCount * 2 - BUCKET_WORDS;
  }

  get generation(): number {
    return this.#generation;
  }

  get statistics(): RowCacheStatistics {
    return { hits: this.#hits, misses: this.#misses, capacityBytes: this.#capacityBytes };
  }

  /** Begins a generation. */
  clear(): void {
    this.#generation++;
    if (this.#usedUnits === 0) return;
    this.#slots.fill(0);
    this.#head = 0;
    this.#usedUnits = 0;
  }

  /** `FOUND` fills `into`. `hash` is `hashKey(key)`. */
  get(key: Uint8Array, hash: number, into: FoundEntry): number {
    const ring = this.#ring;
    if (ring === undefined) return UNKNOWN;
    const slots = this.#slots;
    const wanted = hash | 0;
    const bucket = (hash << 4) & this.#bucketMask;
    for (let slot = bucket; slot < bucket + BUCKET_WORDS; slot += 2) {
      if (slots[slot] !== wanted || slots[slot + 1] === 0) continue;
      const unit = (slots[slot + 1] as number) - 1;
      const { words, bytes } = ring;
      const word = unit << 1;
      const keyLength = words[word + KEY_LENGTH] as number;
      const lengthAndFlags = words[word + VALUE_LENGTH] as number;
      const keyAt = (unit << 3) + HEADER_BYTES + ((lengthAndFlags & FLAG_EXPIRES) << 1);
      if (keyLength !== key.length || !isSame(bytes, keyAt, key)) continue;
      this.#hits++;
      if ((lengthAndFlags & FLAG_FOUND) === 0) return ABSENT;
      into.kind = (lengthAndFlags & FLAG_PUT) === 0 ? DELETE : PUT;
      into.seq = ring.doubles[unit + 2] as number;
      into.expiresMs = (lengthAndFlags & FLAG_EXPIRES) === 0 ? 0 : (ring.doubles[unit + 3] as number);
      into.value = bytes;
      into.valueStart = keyAt + keyLength;
      into.valueEnd = into.valueStart + (lengthAndFlags >>> FLAG_BITS);
      return FOUND;
    }
    this.#misses++;
    return UNKNOWN;
  }

  /** Keeps what the segments have for a key that {@link get} did not know; `undefined`: nothing. */
  put(key: Uint8Array, hash: number, found: FoundEntry | undefined): void {
    const valueLength = found === undefined ? 0 : found.valueEnd - found.valueStart;
    const expires = found !== undefined && found.expiresMs !== 0;
    const headerBytes = expires ? HEADER_BYTES + 8 : HEADER_BYTES;
    const units = (headerBytes + key.length + valueLength + 7) >>> 3;
    if (units * LARGEST_PART > this.#ringUnits) return;
    const { words, doubles, bytes } = (this.#ring ??= this.#allocate());
    const unit = this.#room(units);
    const slot = this.#slotFor(hash, unit);
    const word = unit << 1;
    words[word + SLOT] = slot;
    words[word + UNITS] = units;
    words[word + KEY_LENGTH] = key.length;
    const keyAt = (unit << 3) + headerBytes;
    copy(key, 0, key.length, bytes, keyAt);
    if (found === undefined) {
      words[word + VALUE_LENGTH] = 0;
      return;
    }
    words[word + VALUE_LENGTH] =
      (valueLength << FLAG_BITS) | FLAG_FOUND | (found.kind === PUT ? FLAG_PUT : 0) | (expires ? FLAG_EXPIRES : 0);
    doubles[unit + 2] = found.seq;
    if (expires) doubles[unit + 3] = found.expiresMs;
    copy(found.value, found.valueStart, found.valueEnd, bytes, keyAt + key.length);
  }

  /** At first use: a database without keys has no memory for them. */
  #allocate(): { words: Int32Array; doubles: Float64Array; bytes: Uint8Array } {
    this.#slots = new Int32Array(this.#bucketMask + BUCKET_WORDS);
    const memory = new ArrayBuffer(this.#ringUnits * 8);
    return { words: new Int32Array(memory), doubles: new Float64Array(memory), bytes: new Uint8Array(memory) };
  }

  /** Place of so many units in one piece, with the oldest rows gone from there. */
  #room(units: number): number {
    if (this.#head + units > this.#ringUnits) {
      const rest = this.#ringUnits - this.#head;
      this.#evictUpTo(rest);
      if (rest > 0) {
        const { words } = this.#ring as { words: Int32Array };
        words[(this.#head << 1) + SLOT] = NO_SLOT;
        words[(this.#head << 1) + UNITS] = rest;
      }
      this.#usedUnits += rest;
      this.#head = 0;
    }
    this.#evictUpTo(units);
    const unit = this.#head;
    this.#head += units;
    this.#usedUnits += units;
    return unit;
  }

  /** Makes so many units free. */
  #evictUpTo(units: number): void {
    const { words } = this.#ring as { words: Int32Array };
    while (this.#ringUnits - this.#usedUnits < units) {
      const oldest = this.#head - this.#usedUnits;
      const unit = oldest < 0 ? oldest + this.#ringUnits : oldest;
      const slot = words[(unit << 1) + SLOT] as number;
      // Another row may have taken its place in the table.
      if (slot !== NO_SLOT && this.#slots[slot + 1] === unit + 1) this.#slots[slot + 1] = 0;
      this.#usedUnits -= words[(unit << 1) + UNITS] as number;
    }
  }

  /** Enters a row into the table, in the place of the oldest of its bucket when that is full. */
  #slotFor(hash: number, unit: number): number {
    const slots = this.#slots;
    const bucket = (hash << 4) & this.#bucketMask;
    let chosen = bucket;
    let greatestAge = -1;
    for (let slot = bucket; slot < bucket + BUCKET_WORDS; slot += 2) {
      const place = slots[slot + 1] as number;
      if (place === 0) {
        chosen = slot;
        break;
      }
      const age = place - 1 < unit ? unit - place : unit + this.#ringUnits - place;
      if (age > greatestAge) {
        greatestAge = age;
        chosen = slot;
      }
    }
    slots[chosen] = hash | 0;
    slots[chosen + 1] = unit + 1;
    return chosen;
  }
}

function isSame(bytes: Uint8Array, start: number, key: Uint8Array): boolean {
  // Keys that hash alike and differ, differ near their end.
  for (let at = key.length - 1; at >= 0; at--) if (bytes[start + at] !== key[at]) return false;
  return true;
}

function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > SHORT_COPY_BYTES) to.set(from.subarray(start, end), at);
  else for (let place = start, target = at; place < end; place++) to[target++] = from[place] as number;
}
