import { compareKeys } from '../bytes.ts';
import type { RangeDelete } from '../entry.ts';
import { hashKey } from '../hash.ts';
import type { KvSegmentState } from '../segment-state.ts';
import { longVarint, varintEndOf } from './block-search.ts';
import { filterMayContain } from './bloom-filter.ts';
import { segmentDamage } from './damage.ts';
import type { SegmentFooter } from './footer.ts';
import type { SegmentIndex } from './segment-index.ts';
import { segmentBounds } from './segment-writer.ts';
import { keysEnd, keysStart, restartCount, restartKeyOffset, restartValueOffset } from './stored-block.ts';
import { openBlock } from './stored-groups.ts';

export interface SegmentToCheck {
  readonly path: string;
  readonly state: KvSegmentState;
  readonly footer: SegmentFooter;
  readonly filter: Uint8Array;
  readonly index: SegmentIndex;
  readonly rangeDeletes: readonly RangeDelete[];
  /** The file, front to back. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Checks every block and that all parts of the file agree; the parts have been read and have the right checksums. */
export async function checkSegment(segment: SegmentToCheck): Promise<void> {
  const check = new EntryCheck(segment);
  let rest: Uint8Array = new Uint8Array(0);
  let restAt = 0;
  let block = 0;
  for await (const chunk of segment.chunks) {
    rest = rest.length === 0 ? chunk : concatenate(rest, chunk);
    for (; block < segment.index.blockCount; block++) {
      const start = segment.index.start(block) - restAt;
      const end = segment.index.end(block) - restAt;
      if (end > rest.length) break;
      check.block(block, openBlock(segment.path, block, rest, start, end, segment.index.checksum(block), true));
    }
    if (block === segment.index.blockCount) break;
    const done = segment.index.start(block) - restAt;
    rest = rest.subarray(done);
    restAt += done;
  }
  if (block < segment.index.blockCount) throw segmentDamage(segment.path, `it ends in block ${block}`);
  check.end();
}

class EntryCheck {
  readonly #segment: SegmentToCheck;
  #key: Uint8Array = new Uint8Array(0);
  #seq = 0;
  #entryCount = 0;
  #minSeq = Infinity;
  #maxSeq = 0;

  constructor(segment: SegmentToCheck) {
    this.#segment = segment;
    for (const { seq } of segment.rangeDeletes) this.#countSeq(seq);
  }

  /** Blocks come in order. */
  block(block: number, content: Uint8Array): void {
    const { index } = this.#segment;
    const end = keysEnd(content);
    let restart = 0;
    const start = keysStart(content);
    let at = start;
    let valueEnd = end;
    const fail = (what: string): never => {
      throw segmentDamage(this.#segment.path, `block ${block} ${what}`);
    };
    while (at < end) {
      const shared = longVarint(content, at);
      if (restart < restartCount(content) && restartKeyOffset(content, restart) === at) {
        if (restartValueOffset(content, restart) !== valueEnd) fail('has a restart point with a wrong value');
        restart++;
        if (shared !== 0) fail('has a restart point without a whole key');
      } else if (restart === 0) fail('does not begin with a restart point');
      const rest = longVarint(content, varintEndOf());
      const tag = longVarint(content, varintEndOf());
      const seq = longVarint(content, varintEndOf());
      const expiresMs = (tag & 2) === 0 ? undefined : longVarint(content, varintEndOf());
      const keyAt = varintEndOf();
      valueEnd += tag >>> 2;
      if (!(keyAt + rest <= end && valueEnd <= content.length) || shared > this.#key.length)
        fail('has an entry that is cut');
      if ((tag & 1) === 0 && tag >>> 2 !== 0) fail('has a deletion with a value');
      if (expiresMs === 0) fail('has an expiry of 0');
      const key = concatenate(this.#key.subarray(0, shared), content.subarray(keyAt, keyAt + rest));
      if (!this.#isNext(key, seq)) fail('has entries out of order');
      if (at === start && block > 0 && !this.#startsAfter(block - 1, key))
        fail('begins before the separator of the last');
      if (!filterMayContain(this.#segment.filter, this.#segment.footer.filterProbes, hashKey(key))) {
        fail('has a key that the filter has not');
      }
      if (this.#entryCount === 0 && compareKeys(key, index.firstKey) !== 0) fail('does not begin with the first key');
      this.#key = key;
      this.#seq = seq;
      this.#entryCount++;
      this.#countSeq(seq);
      at = keyAt + rest;
    }
    if (at !== end || valueEnd !== content.length || restart !== restartCount(content))
      fail('has entries or restart points in the wrong place');
    if (compareKeys(this.#key, index.separator(block)) > 0) fail('goes on behind its separator');
  }

  end(): void {
    const { path, state, footer, index, rangeDeletes } = this.#segment;
    const first = index.blockCount === 0 ? undefined : index.firstKey;
    if (first !== undefined && compareKeys(this.#key, index.separator(index.blockCount - 1)) !== 0) {
      throw segmentDamage(path, 'the last separator is not the last key');
    }
    const { smallest, largest } = segmentBounds(first, this.#key, rangeDeletes);
    const found = [this.#entryCount, this.#minSeq, this.#maxSeq, rangeDeletes.length];
    for (const said of [footer, state]) {
      const claims = [said.entryCount, said.minSeq, said.maxSeq, said.rangeDeleteCount];
      if (claims.some((claim, at) => claim !== found[at])) {
        throw segmentDamage(
          path,
          `it has ${found.join(', ')} (entries, lowest and highest number, range deletes), not ${claims.join(', ')}`,
        );
      }
    }
    if (compareKeys(smallest, state.smallest) !== 0 || compareKeys(largest, state.largest) !== 0) {
      throw segmentDamage(path, 'its first or last key is not what the manifest says');
    }
  }

  #isNext(key: Uint8Array, seq: number): boolean {
    if (this.#entryCount === 0) return true;
    const difference = compareKeys(this.#key, key);
    return difference === 0 ? seq < this.#seq : difference < 0;
  }

  /** Whether a block that begins with this key may follow a block: its key is greater than the separator, or goes on. */
  #startsAfter(block: number, key: Uint8Array): boolean {
    const difference = compareKeys(this.#segment.index.separator(block), key);
    return difference < 0 || (difference === 0 && compareKeys(this.#key, key) === 0);
  }

  #countSeq(seq: number): void {
    if (seq < this.#minSeq) this.#minSeq = seq;
    if (seq > this.#maxSeq) this.#maxSeq = seq;
  }
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
