import type { EngineContext } from '../context.ts';
import { AlopexError, SqlState } from '../errors.ts';
import { boundsOf, type Bounds } from '../kv/access/key-range.ts';
import type { KvReader, KvTree, OpenScan } from '../kv/access/kv-tree.ts';
import { replayBatch, type KvBatch } from '../kv/batch.ts';
import { PUT, type FoundEntry } from '../kv/entry.ts';
import { hashKey } from '../kv/hash.ts';
import { KvMemtable } from '../kv/memtable/kv-memtable.ts';
import { isExpired } from '../kv/merge/expiry.ts';
import { MergeCursor } from '../kv/merge/merge-cursor.ts';
import { RangeDeleteSet } from '../kv/merge/range-delete-set.ts';
import { VisibleScan } from '../kv/merge/visible-scan.ts';
import type { KvView } from '../kv/store/kv-view.ts';
import { BoundedCursor } from './bounded-cursor.ts';
import { Footprint } from './footprint.ts';

/** A transaction's own operations are newer than any commit. */
const OWN_SEQ = 2 ** 52;
const ANY_SEQ = Number.MAX_SAFE_INTEGER;

/** What the tree needs of the database. */
export interface TransactionBase {
  readonly context: EngineContext;
  /** The view and the commit that the transaction reads. */
  readonly view: KvView;
  readonly seq: number;
  /** A view of one memtable. */
  readonly viewOf: (memtable: KvMemtable) => KvView;
  readonly nowMs: () => number;
  readonly keyspaceId: (name: string) => number | undefined;
  readonly createKeyspace: (name: string) => Promise<number>;
  /** Whether reads are to be remembered. */
  readonly tracksReads: boolean;
  /** Throws when the transaction has ended. */
  readonly checkOpen: () => void;
  /** Throws when it cannot write keys. */
  readonly checkWritable: () => void;
}

/** Keys as a transaction sees them: one snapshot, and its own writes on top, which nobody else sees before they are committed. */
export class TransactionTree implements KvTree {
  readonly reader: KvReader;
  readonly #base: TransactionBase;
  /** Own operations, one encoded batch for each write. */
  #batches: Uint8Array[] = [];
  #own: KvMemtable;
  #ownView: KvView;
  readonly #reads = new Footprint();
  /** Keyspaces that were asked for when there were none of their names. */
  readonly #missing = new Set<string>();

  constructor(base: TransactionBase) {
    this.#base = base;
    this.#own = this.#emptyMemtable();
    this.#ownView = base.viewOf(this.#own);
    this.reader = {
      find: (key, into) => this.#find(key, into),
      scan: (bounds, options) => this.#scan(bounds, options),
    };
  }

  get limits(): EngineContext['limits'] {
    return this.#base.context.limits;
  }

  nowMs(): number {
    return this.#base.nowMs();
  }

  keyspaceId(name: string): number | undefined {
    this.#base.checkOpen();
    const id = this.#base.keyspaceId(name);
    if (id === undefined && this.#base.tracksReads) this.#missing.add(name);
    return id;
  }

  createKeyspace(name: string): Promise<number> {
    this.#base.checkWritable();
    return this.#base.createKeyspace(name);
  }

  write(batch: KvBatch, condition?: (reader: KvReader) => boolean): Promise<boolean> {
    this.#base.checkOpen();
    this.#base.checkWritable();
    if (condition !== undefined && !condition(this.reader)) return Promise.resolve(false);
    const bytes = batch.bytes.slice();
    this.#apply(bytes);
    this.#batches.push(bytes);
    return Promise.resolve(true);
  }

  /** Number of writes so far, to go back to. */
  get mark(): number {
    return this.#batches.length;
  }

  rollBackTo(mark: number): void {
    this.#batches = this.#batches.slice(0, mark);
    this.#own = this.#emptyMemtable();
    this.#ownView = this.#base.viewOf(this.#own);
    for (const bytes of this.#batches) this.#apply(bytes);
  }

  /** All operations, in order, for the log. */
  get operations(): Uint8Array {
    return Buffer.concat(this.#batches);
  }

  /** Throws `40001` when a commit since the snapshot wrote a key that this transaction wrote too, or, if reads are tracked, one that it read. */
  checkConflicts(view: KvView): void {
    const { seq, keyspaceId } = this.#base;
    for (const name of this.#missing) {
      const id = keyspaceId(name);
      if (id !== undefined) this.#reads.addRange(boundsOf(id, {}));
    }
    if (this.#writes().isOverwritten(view, seq)) throw conflict('wrote a key that this transaction wrote too');
    if (this.#reads.isOverwritten(view, seq)) throw conflict('wrote a key that this transaction read');
  }

  /** A key must fit into a chunk. */
  #emptyMemtable(): KvMemtable {
    return new KvMemtable({ chunkBytes: Math.max(16_384, 2 * this.limits.keyBytes) });
  }

  #writes(): Footprint {
    const writes = new Footprint();
    for (const bytes of this.#batches) {
      replayBatch(bytes, {
        put: (key) => writes.addKey(key),
        delete: (key) => writes.addKey(key),
        deleteRange: (start, end) => writes.addRange({ start, end }),
      });
    }
    return writes;
  }

  #apply(bytes: Uint8Array): void {
    replayBatch(bytes, {
      put: (key, value, expiresMs) => this.#own.put(this.#nextSeq(), key, hashKey(key), value, expiresMs),
      delete: (key) => this.#own.delete(this.#nextSeq(), key, hashKey(key)),
      deleteRange: (start, end) => this.#own.deleteRange(this.#nextSeq(), start, end),
    });
  }

  #nextSeq(): number {
    return Math.max(OWN_SEQ, this.#own.maxSeq + 1);
  }

  #find(key: Uint8Array, into: FoundEntry): boolean {
    const { checkOpen, tracksReads, view, seq, nowMs } = this.#base;
    checkOpen();
    if (tracksReads) this.#reads.addKey(new Uint8Array(key)); // The caller's may be used again.
    const hash = hashKey(key);
    if (this.#ownView.find(key, hash, ANY_SEQ, into)) return into.kind === PUT && !isExpired(into.expiresMs, nowMs());
    return view.get(key, hash, seq, nowMs, into);
  }

  #scan({ start, end }: Bounds, options: { reverse: boolean; sequential: boolean }): OpenScan {
    const { checkOpen, tracksReads, view, seq, nowMs } = this.#base;
    checkOpen();
    if (tracksReads) this.#reads.addRange({ start, end });
    const opened = view.open(start, end, options.sequential);
    const committed = new BoundedCursor(new MergeCursor(opened.cursors), seq);
    return {
      scan: new VisibleScan({
        cursor: new MergeCursor([this.#own.cursor(), committed]),
        rangeDeletes: new RangeDeleteSet([...this.#own.rangeDeletes, ...view.rangeDeletes(start, end, seq)]),
        snapshotSeq: ANY_SEQ,
        nowMs: nowMs(),
        start,
        end,
        reverse: options.reverse,
      }),
      checkOpen,
      close: () => opened.close(),
    };
  }
}

export function conflict(reason: string): AlopexError {
  return new AlopexError(SqlState.serializationFailure, `another commit ${reason}`, {
    hint: 'Run the transaction again; db.transaction does so by itself.',
  });
}
