import type { Bounds } from '../kv/access/key-range.ts';
import { compareKeys } from '../kv/bytes.ts';
import { hashKey } from '../kv/hash.ts';
import type { KvView } from '../kv/store/kv-view.ts';

/** Which keys a transaction has touched, to find out whether others have written them since. */
export class Footprint {
  readonly #keys = new Map<string, Uint8Array>();
  readonly #ranges: Bounds[] = [];

  addKey(key: Uint8Array): void {
    this.#keys.set(Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1'), key);
  }

  addRange(range: Bounds): void {
    this.#ranges.push(range);
  }

  /** Whether a commit after `sinceSeq` wrote any of it. */
  isOverwritten(view: KvView, sinceSeq: number): boolean {
    if (view.newestSeq <= sinceSeq) return false;
    const found = { kind: 0 as const, seq: 0, expiresMs: 0, value: NOTHING, valueStart: 0, valueEnd: 0 };
    for (const key of this.#keys.values()) {
      if (view.find(key, hashKey(key), Number.MAX_SAFE_INTEGER, found) && found.seq > sinceSeq) return true;
    }
    return this.#ranges.some((range) => isRangeOverwritten(view, range, sinceSeq));
  }
}

const NOTHING = new Uint8Array(0);

function isRangeOverwritten(view: KvView, { start, end }: Bounds, sinceSeq: number): boolean {
  const deleted = view
    .rangeDeletes(start, end, Number.MAX_SAFE_INTEGER)
    .some((range) => range.seq > sinceSeq && compareKeys(range.start, end) < 0 && compareKeys(start, range.end) < 0);
  if (deleted) return true;
  const opened = view.open(start, end, true, sinceSeq);
  try {
    return opened.cursors.some((cursor) => {
      for (let live = cursor.seek(start); live; live = cursor.next()) {
        if (compareKeys(cursor.key.subarray(cursor.keyStart, cursor.keyEnd), end) >= 0) return false;
        if (cursor.seq > sinceSeq) return true;
      }
      return false;
    });
  } finally {
    opened.close();
  }
}
