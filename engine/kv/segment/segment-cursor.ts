import { compareBytes } from '../bytes.ts';
import { DELETE, PUT, type EntryCursor, type EntryKind } from '../entry.ts';
import { findRestart, longVarint, varintEndOf } from './block-search.ts';
import type { BlockSource } from './block-source.ts';
import { EntryRun } from './entry-run.ts';
import {
  keysEnd,
  keysStart,
  malformedBlock,
  restartCount,
  restartKeyOffset,
  restartValueOffset,
} from './stored-block.ts';

const NOTHING = new Uint8Array(0);
const NOWHERE = -1;
const FORWARD = -1;

/**
 * Walks the entries of a segment. Forwards it decodes entry by entry, the key in memory that is used again. Backwards it decodes a run of entries at once, from a restart point up to where it is,
 * and walks that: an entry only says how it differs from the one before.
 */
export class SegmentCursor implements EntryCursor {
  key: Uint8Array = NOTHING;
  keyStart = 0;
  keyEnd = 0;
  kind: EntryKind = DELETE;
  seq = 0;
  expiresMs = 0;
  value: Uint8Array = NOTHING;
  valueStart = 0;
  valueEnd = 0;
  readonly #source: BlockSource;
  #block = NOWHERE;
  #content: Uint8Array = NOTHING;
  #keysEnd = 0;
  /** Offset of the entry that was decoded last, and of the next one and its value. */
  #entryAt = 0;
  #nextAt = 0;
  #nextValueAt = 0;
  #scratch = new Uint8Array(64);
  #run: EntryRun | undefined;
  /** Place in the run, or `FORWARD`. */
  #runAt = FORWARD;

  constructor(source: BlockSource) {
    this.#source = source;
  }

  seekFirst(): boolean {
    return this.#enter(0) && this.#decode();
  }

  seekLast(): boolean {
    return this.#enterBackwards(this.#source.index.blockCount - 1);
  }

  seek(key: Uint8Array): boolean {
    if (!this.#enter(this.#source.index.find(key))) return false;
    this.#goToRestart(findRestart(this.#content, key, Infinity));
    while (this.#nextAt < this.#keysEnd) {
      this.#decode();
      if (compareBytes(this.#scratch, 0, this.keyEnd, key, 0, key.length) >= 0) return true;
    }
    // The separator may be greater than every key of its block.
    return this.#enter(this.#block + 1) && this.#decode();
  }

  seekBefore(key: Uint8Array): boolean {
    return this.seek(key) ? this.previous() : this.seekLast();
  }

  next(): boolean {
    if (this.#runAt !== FORWARD) this.#turnForward();
    if (this.#nextAt < this.#keysEnd) return this.#decode();
    return this.#block !== NOWHERE && this.#enter(this.#block + 1) && this.#decode();
  }

  previous(): boolean {
    if (this.#block === NOWHERE) return false;
    if (this.#runAt > 0) return this.#show(this.#runAt - 1);
    const at = this.#runAt === 0 ? (this.#run as EntryRun).offset(0) : this.#entryAt;
    return at > keysStart(this.#content) ? this.#decodeRun(at) : this.#enterBackwards(this.#block - 1);
  }

  /** Goes before the first entry of a block; false, and nowhere, when there is no such block. */
  #enter(block: number): boolean {
    this.#runAt = FORWARD;
    if (block < 0 || block >= this.#source.index.blockCount) {
      this.#block = NOWHERE;
      this.#nextAt = 0;
      this.#keysEnd = 0;
      return false;
    }
    this.#content = this.#source.block(block);
    this.#block = block;
    this.#keysEnd = keysEnd(this.#content);
    this.#goToRestart(0);
    this.value = this.#content;
    return true;
  }

  /** Goes before the entry of a restart point. */
  #goToRestart(restart: number): void {
    this.key = this.#scratch;
    this.keyStart = 0;
    this.keyEnd = 0;
    this.#nextAt = restartKeyOffset(this.#content, restart);
    this.#nextValueAt = restartValueOffset(this.#content, restart);
  }

  #enterBackwards(block: number): boolean {
    return this.#enter(block) && this.#decodeRun(this.#keysEnd);
  }

  /** Decodes the entry at `#nextAt`; what it shares with the entry before is in `#scratch`. */
  #decode(): boolean {
    const content = this.#content;
    let at = this.#nextAt;
    this.#entryAt = at;
    let shared = content[at++] as number;
    if (shared >= 0x80) {
      shared = longVarint(content, at - 1);
      at = varintEndOf();
    }
    let rest = content[at++] as number;
    if (rest >= 0x80) {
      rest = longVarint(content, at - 1);
      at = varintEndOf();
    }
    let tag = content[at++] as number;
    if (tag >= 0x80) {
      tag = longVarint(content, at - 1);
      at = varintEndOf();
    }
    let seq = content[at++] as number;
    if (seq >= 0x80) {
      seq = longVarint(content, at - 1);
      at = varintEndOf();
    }
    let expiresMs = 0;
    if ((tag & 2) !== 0) {
      expiresMs = longVarint(content, at);
      at = varintEndOf();
    }
    const keyEnd = shared + rest;
    const nextAt = at + rest;
    const valueStart = this.#nextValueAt;
    const valueEnd = valueStart + (tag >>> 2);
    if (!(nextAt <= this.#keysEnd && valueEnd <= content.length && shared <= this.keyEnd)) {
      throw malformedBlock(this.#source.path, this.#block);
    }
    const scratch = keyEnd <= this.#scratch.length ? this.#scratch : this.#growScratch(keyEnd, shared);
    for (let to = shared; to < keyEnd; to++) scratch[to] = content[at++] as number;
    this.keyEnd = keyEnd;
    this.kind = (tag & 1) === 1 ? PUT : DELETE;
    this.seq = seq;
    this.expiresMs = expiresMs;
    this.valueStart = valueStart;
    this.valueEnd = valueEnd;
    this.#nextAt = nextAt;
    this.#nextValueAt = valueEnd;
    return true;
  }

  #growScratch(length: number, keep: number): Uint8Array {
    const larger = new Uint8Array(length * 2);
    larger.set(this.#scratch.subarray(0, keep));
    this.#scratch = larger;
    this.key = larger;
    return larger;
  }

  /** To the last entry that begins before `end`; there is one. */
  #decodeRun(end: number): boolean {
    this.#run ??= new EntryRun();
    this.#run.clear();
    this.#goToRestart(restartBefore(this.#content, end));
    while (this.#nextAt < end) {
      this.#decode();
      this.#run.push(this, this.#entryAt, this.#nextAt);
    }
    // A restart point at or behind `end` is no restart point.
    if (this.#run.length === 0) throw malformedBlock(this.#source.path, this.#block);
    return this.#show(this.#run.length - 1);
  }

  #show(at: number): boolean {
    this.#runAt = at;
    (this.#run as EntryRun).show(at, this);
    return true;
  }

  #turnForward(): void {
    const length = this.keyEnd - this.keyStart;
    // The run was decoded through `#scratch`, so a key of it fits.
    this.#scratch.set(this.key.subarray(this.keyStart, this.keyEnd));
    this.key = this.#scratch;
    this.keyStart = 0;
    this.keyEnd = length;
    this.#entryAt = (this.#run as EntryRun).offset(this.#runAt);
    this.#nextAt = (this.#run as EntryRun).nextOffset(this.#runAt);
    this.#nextValueAt = this.valueEnd;
    this.#runAt = FORWARD;
  }
}

/** The last restart point before an offset that is not the first one's. */
function restartBefore(content: Uint8Array, offset: number): number {
  let low = 0;
  let high = restartCount(content) - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (restartKeyOffset(content, middle) < offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
