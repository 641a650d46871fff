/** Bytes `[start, end)` of a file. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A set of bytes: ranges in order that neither overlap nor touch. */
export class ByteRanges {
  #ranges: ByteRange[] = [];

  get ranges(): readonly ByteRange[] {
    return this.#ranges;
  }

  get sizeBytes(): number {
    return this.#ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  add({ start, end }: ByteRange): void {
    if (start >= end) return;
    const [from, to] = [this.#firstEndingAt(start), this.#firstStartingAfter(end)];
    const [first, last] = [this.#ranges[from], this.#ranges[to - 1]];
    const merged =
      from < to && first !== undefined && last !== undefined
        ? { start: Math.min(start, first.start), end: Math.max(end, last.end) }
        : { start, end };
    this.#ranges.splice(from, to - from, merged);
  }

  /** What of a range is not in the set. */
  missing({ start, end }: ByteRange): ByteRange[] {
    const found: ByteRange[] = [];
    let at = start;
    for (let index = this.#firstEndingAt(start); at < end; index++) {
      const range = this.#ranges[index];
      if (range === undefined || range.start >= end) break;
      if (range.start > at) found.push({ start: at, end: range.start });
      at = Math.max(at, range.end);
    }
    if (at < end) found.push({ start: at, end });
    return found;
  }

  /** Index of the first range that ends at a position or later: one that touches counts. */
  #firstEndingAt(position: number): number {
    return this.#search((range) => range.end >= position);
  }

  #firstStartingAfter(position: number): number {
    return this.#search((range) => range.start > position);
  }

  #search(isAtOrAfter: (range: ByteRange) => boolean): number {
    let [low, high] = [0, this.#ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.#ranges[middle];
      if (range !== undefined && !isAtOrAfter(range)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
