import type { EntryCursor, EntryKind } from '../entry.ts';

type Fields = {
  -readonly [
    Name in 'key' | 'keyStart' | 'keyEnd' | 'kind' | 'seq' | 'expiresMs' | 'valueStart' | 'valueEnd'
  ]: EntryCursor[Name];
};

/** The entries from one restart point on, decoded, with whole keys: what a cursor walks backwards. Memory is used again. */
export class EntryRun {
  #length = 0;
  #keys = new Uint8Array(1024);
  readonly #keyEnds: number[] = [];
  readonly #offsets: number[] = [];
  readonly #nextOffsets: number[] = [];
  readonly #kinds: EntryKind[] = [];
  readonly #seqs: number[] = [];
  readonly #expiries: number[] = [];
  readonly #valueStarts: number[] = [];
  readonly #valueEnds: number[] = [];

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  /** Offset of the entry in its block. */
  offset(at: number): number {
    return this.#offsets[at] as number;
  }

  /** Offset of the entry after it. */
  nextOffset(at: number): number {
    return this.#nextOffsets[at] as number;
  }

  push(entry: Readonly<Fields>, offset: number, nextOffset: number): void {
    const at = this.#length++;
    const start = at === 0 ? 0 : (this.#keyEnds[at - 1] as number);
    const end = start + entry.keyEnd - entry.keyStart;
    if (end > this.#keys.length) {
      const larger = new Uint8Array(end * 2);
      larger.set(this.#keys.subarray(0, start));
      this.#keys = larger;
    }
    const keys = this.#keys;
    const key = entry.key;
    for (let to = start, from = entry.keyStart; to < end; to++, from++) keys[to] = key[from] as number;
    this.#keyEnds[at] = end;
    this.#offsets[at] = offset;
    this.#nextOffsets[at] = nextOffset;
    this.#kinds[at] = entry.kind;
    this.#seqs[at] = entry.seq;
    this.#expiries[at] = entry.expiresMs;
    this.#valueStarts[at] = entry.valueStart;
    this.#valueEnds[at] = entry.valueEnd;
  }

  show(at: number, on: Fields): void {
    on.key = this.#keys;
    on.keyStart = at === 0 ? 0 : (this.#keyEnds[at - 1] as number);
    on.keyEnd = this.#keyEnds[at] as number;
    on.kind = this.#kinds[at] as EntryKind;
    on.seq = this.#seqs[at] as number;
    on.expiresMs = this.#expiries[at] as number;
    on.valueStart = this.#valueStarts[at] as number;
    on.valueEnd = this.#valueEnds[at] as number;
  }
}
