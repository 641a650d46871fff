import { GrowableBytes } from './growable-bytes.ts';

/** Arrow's validity bitmap of a growing column; kept only once there is a null. */
export class ValidityBits {
  readonly #bits = new GrowableBytes();
  #length = 0;
  #nullCount = 0;

  get length(): number {
    return this.#length;
  }

  /** Appends bits `[start, start + count)` of a bitmap; `null` stands for all ones. */
  append(bitmap: Uint8Array | null, start: number, count: number): void {
    if (bitmap === null) {
      this.#appendOnes(count);
      return;
    }
    const nulls = count - countOnes(bitmap, start, count);
    if (nulls === 0) {
      this.#appendOnes(count);
      return;
    }
    const first = this.#length;
    this.#materialize(count);
    const target = this.#bits.bytes;
    if (((first | start) & 7) === 0) {
      const bytes = (count + 7) >> 3;
      target.set(bitmap.subarray(start >> 3, (start >> 3) + bytes), first >> 3);
      // Bits past the end must stay zero, for later ones are added by "or".
      if ((count & 7) !== 0) target[(first >> 3) + bytes - 1]! &= (1 << (count & 7)) - 1;
    } else {
      for (let i = 0; i < count; i++) {
        const from = start + i;
        if ((bitmap[from >> 3]! & (1 << (from & 7))) !== 0) target[(first + i) >> 3]! |= 1 << ((first + i) & 7);
      }
    }
    this.#length += count;
    this.#nullCount += nulls;
  }

  appendNulls(count: number): void {
    if (count === 0) return;
    this.#materialize(count);
    this.#length += count;
    this.#nullCount += count;
  }

  /** The bitmap (`null` without nulls) and the number of nulls; starts anew. */
  take(): { bitmap: Uint8Array | null; nullCount: number } {
    const nullCount = this.#nullCount;
    const bitmap = this.#bits.take();
    this.#length = 0;
    this.#nullCount = 0;
    return nullCount === 0 ? { bitmap: null, nullCount } : { bitmap, nullCount };
  }

  /** Makes the bitmap cover `count` more rows, with the rows so far, if they were all valid, set to ones. */
  #materialize(count: number): void {
    const needed = (this.#length + count + 7) >> 3;
    this.#bits.extend(Math.max(0, needed - this.#bits.length));
    if (this.#nullCount === 0) setOnes(this.#bits.bytes, 0, this.#length);
  }

  #appendOnes(count: number): void {
    if (this.#nullCount > 0) {
      const first = this.#length;
      this.#materialize(count);
      setOnes(this.#bits.bytes, first, count);
    }
    this.#length += count;
  }
}

function setOnes(target: Uint8Array, start: number, count: number): void {
  const end = start + count;
  let bit = start;
  for (; bit < end && (bit & 7) !== 0; bit++) target[bit >> 3]! |= 1 << (bit & 7);
  const wholeBytes = (end - bit) >> 3;
  if (wholeBytes > 0) {
    target.fill(0xff, bit >> 3, (bit >> 3) + wholeBytes);
    bit += wholeBytes * 8;
  }
  for (; bit < end; bit++) target[bit >> 3]! |= 1 << (bit & 7);
}

function countOnes(bitmap: Uint8Array, start: number, count: number): number {
  const end = start + count;
  let ones = 0;
  let bit = start;
  for (; bit < end && (bit & 7) !== 0; bit++) ones += (bitmap[bit >> 3]! >> (bit & 7)) & 1;
  for (; bit + 8 <= end; bit += 8) {
    let byte = bitmap[bit >> 3]!;
    if (byte === 0xff) {
      ones += 8;
    } else {
      for (; byte !== 0; byte &= byte - 1) ones++;
    }
  }
  for (; bit < end; bit++) ones += (bitmap[bit >> 3]! >> (bit & 7)) & 1;
  return ones;
}
