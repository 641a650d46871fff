import { compareBytes, compareKeys } from '../bytes.ts';
import type { RangeDelete } from '../entry.ts';

/** Up to here, looking at each range is quickest. */
const FEW = 8;

/**
 * Range deletions, asked by key. Few are looked at one by one. Many are kept in a segment tree over their bounds: a range stands at the O(log n) nodes
 * whose spans make it up, and a look-up visits the nodes above one leaf.
 */
export class RangeDeleteSet {
  /** Not in the tree yet, or too few for one. */
  #recent: RangeDelete[] = [];
  #inTree: RangeDelete[] = [];
  #tree: SpanTree | undefined;

  constructor(ranges: Iterable<RangeDelete> = []) {
    for (const range of ranges) this.add(range);
  }

  get size(): number {
    return this.#recent.length + this.#inTree.length;
  }

  *[Symbol.iterator](): Generator<RangeDelete> {
    yield* this.#inTree;
    yield* this.#recent;
  }

  add(range: RangeDelete): void {
    if (compareKeys(range.start, range.end) < 0) this.#recent.push(range);
  }

  /** The greatest seq that is at most `maxSeq` of the ranges that hold the key, or 0. An entry of the key is deleted for whoever sees `maxSeq` if its own seq is less. */
  coveringSeq(key: Uint8Array, keyStart: number, keyEnd: number, maxSeq: number): number {
    if (this.#recent.length > FEW && this.#recent.length > this.#inTree.length / 8) this.#plant();
    let newest = this.#tree === undefined ? 0 : this.#tree.newest(key, keyStart, keyEnd, maxSeq);
    for (const range of this.#recent) {
      if (range.seq <= newest || range.seq > maxSeq) continue;
      if (compareBytes(range.start, 0, range.start.length, key, keyStart, keyEnd) > 0) continue;
      if (compareBytes(range.end, 0, range.end.length, key, keyStart, keyEnd) > 0) newest = range.seq;
    }
    return newest;
  }

  #plant(): void {
    this.#inTree.push(...this.#recent);
    this.#recent = [];
    this.#tree = new SpanTree(this.#inTree);
  }
}

/** A segment tree. Leaf i spans the keys from bound i up to bound i + 1. */
class SpanTree {
  readonly #bounds: Uint8Array[];
  /** Power of two; node 1 is the root, node `leaves + i` is leaf i. */
  readonly #leaves: number;
  /** Ascending seqs of the ranges at a node. */
  readonly #seqs: number[][];

  constructor(ranges: readonly RangeDelete[]) {
    const sorted = ranges.flatMap((range) => [range.start, range.end]).sort(compareKeys);
    this.#bounds = sorted.filter((bound, at) => at === 0 || compareKeys(bound, sorted[at - 1] as Uint8Array) !== 0);
    this.#leaves = 2 ** Math.ceil(Math.log2(this.#bounds.length));
    this.#seqs = Array.from({ length: 2 * this.#leaves }, () => []);
    // In order of seq, so that every node's list is sorted.
    for (const range of ranges.toSorted((left, right) => left.seq - right.seq)) {
      let low = this.#leaves + this.#leafOf(range.start, 0, range.start.length);
      let high = this.#leaves + this.#leafOf(range.end, 0, range.end.length);
      for (; low < high; low >>= 1, high >>= 1) {
        if ((low & 1) === 1) (this.#seqs[low++] as number[]).push(range.seq);
        if ((high & 1) === 1) (this.#seqs[--high] as number[]).push(range.seq);
      }
    }
  }

  newest(key: Uint8Array, keyStart: number, keyEnd: number, maxSeq: number): number {
    const leaf = this.#leafOf(key, keyStart, keyEnd);
    if (leaf < 0) return 0;
    let newest = 0;
    for (let node = this.#leaves + leaf; node > 0; node >>= 1) {
      const seqs = this.#seqs[node] as number[];
      if (seqs.length > 0) newest = Math.max(newest, greatestUpTo(seqs, maxSeq));
    }
    return newest;
  }

  /** The last bound that is at most the key, or −1. */
  #leafOf(key: Uint8Array, keyStart: number, keyEnd: number): number {
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const bound = this.#bounds[middle] as Uint8Array;
      if (compareBytes(bound, 0, bound.length, key, keyStart, keyEnd) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function greatestUpTo(seqs: readonly number[], maxSeq: number): number {
  let low = 0;
  let high = seqs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((seqs[middle] as number) <= maxSeq) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : (seqs[low - 1] as number);
}
