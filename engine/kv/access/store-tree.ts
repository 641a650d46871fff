import type { Commits } from '../../commits.ts';
import type { EngineContext } from '../../context.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import { Mutex } from '../../mutex.ts';
import type { KvBatch } from '../batch.ts';
import type { FoundEntry } from '../entry.ts';
import { hashKey } from '../hash.ts';
import { MergeCursor } from '../merge/merge-cursor.ts';
import { RangeDeleteSet } from '../merge/range-delete-set.ts';
import { VisibleScan } from '../merge/visible-scan.ts';
import type { KvStore } from '../store/kv-store.ts';
import type { KvView } from '../store/kv-view.ts';
import type { Bounds } from './key-range.ts';
import type { KvReader, KvTree, OpenScan } from './kv-tree.ts';
import { KvSnapshot } from './snapshot.ts';

/** The keyspace that is always there. */
export const DEFAULT_KEYSPACE = { id: 0, name: 'default' } as const;

const ANY_SEQ = Number.MAX_SAFE_INTEGER;
const CONDITION_FALSE = new Error('the condition is false');

/** The store as keyspaces see it: reads see what was acknowledged, each write is a commit. */
export class StoreTree implements KvTree {
  readonly #context: EngineContext;
  readonly #commits: Commits;
  readonly #store: KvStore;
  readonly #creating = new Mutex();
  readonly reader: KvReader;
  /** What the next commit will build on. */
  readonly #latest: KvReader;
  #nowMs = 0;

  constructor(context: EngineContext, commits: Commits, store: KvStore) {
    this.#context = context;
    this.#commits = commits;
    this.#store = store;
    const now = (): number => this.nowMs();
    this.reader = {
      find: (key, into) => {
        commits.checkRunning();
        return store.view.get(key, hashKey(key), commits.published.seq, now, into);
      },
      scan: (bounds, options) => this.#scanNow(bounds, options),
    };
    this.#latest = {
      find: (key, into) => store.view.get(key, hashKey(key), ANY_SEQ, now, into),
      scan: (bounds, options) => this.#scanNow(bounds, options),
    };
  }

  get limits(): EngineContext['limits'] {
    return this.#context.limits;
  }

  nowMs(): number {
    this.#nowMs = Math.max(this.#nowMs, this.#context.clock.nowMs());
    return this.#nowMs;
  }

  keyspaceId(name: string): number | undefined {
    this.#commits.checkRunning();
    if (name === DEFAULT_KEYSPACE.name) return DEFAULT_KEYSPACE.id;
    return this.#context.manifest.state.kv.keyspaces.find((keyspace) => keyspace.name === name)?.id;
  }

  /** In the order in which they were made; the default one first. */
  get keyspaceNames(): string[] {
    return [DEFAULT_KEYSPACE.name, ...this.#context.manifest.state.kv.keyspaces.map((keyspace) => keyspace.name)];
  }

  createKeyspace(name: string): Promise<number> {
    return this.#creating.run(async () => {
      const known = this.keyspaceId(name);
      if (known !== undefined) return known;
      this.#commits.checkRunning();
      const id = this.#context.manifest.state.kv.nextKeyspaceId;
      await this.#context.manifest.commit({ kind: 'create-keyspace', keyspace: { id, name } });
      return id;
    });
  }

  async write(batch: KvBatch, condition?: (reader: KvReader) => boolean): Promise<boolean> {
    if (condition === undefined) {
      await this.#store.commit(batch);
      return true;
    }
    try {
      await this.#store.commit(batch, () => {
        if (!condition(this.#latest)) throw CONDITION_FALSE;
      });
      return true;
    } catch (error) {
      if (error !== CONDITION_FALSE) throw error;
      // The answer builds on commits that are not acknowledged yet.
      await this.#commits.lastDurable;
      return false;
    }
  }

  snapshot(): KvSnapshot {
    this.#commits.checkRunning();
    const { seq } = this.#commits.published;
    const pin = this.#context.pins.pin(this.#commits.published);
    const { view } = this.#store;
    view.retain();
    let held = true;
    const reader = new ViewReader(view, seq, () => this.nowMs());
    const checked: KvReader = {
      find: (key, into) => {
        if (!held) throw released();
        this.#commits.checkRunning();
        return reader.find(key, into);
      },
      scan: (bounds, options) => {
        if (!held) throw released();
        this.#commits.checkRunning();
        view.retain();
        return reader.scan(bounds, options, {
          checkOpen: () => this.#commits.checkRunning(),
          onClose: () => view.release(),
        });
      },
    };
    return new KvSnapshot(checked, seq, () => {
      if (!held) return;
      held = false;
      pin.release();
      view.release();
    });
  }

  #scanNow(bounds: Bounds, options: { reverse: boolean; sequential: boolean }): OpenScan {
    const snapshot = this.snapshot();
    const opened = snapshot.reader.scan(bounds, options);
    return {
      ...opened,
      close: () => {
        opened.close();
        snapshot.release();
      },
    };
  }
}

/** A view up to one commit. */
class ViewReader {
  readonly #view: KvView;
  readonly #seq: number;
  readonly #nowMs: () => number;

  constructor(view: KvView, seq: number, nowMs: () => number) {
    this.#view = view;
    this.#seq = seq;
    this.#nowMs = nowMs;
  }

  find(key: Uint8Array, into: FoundEntry): boolean {
    return this.#view.get(key, hashKey(key), this.#seq, this.#nowMs, into);
  }

  scan(
    { start, end }: Bounds,
    options: { reverse: boolean; sequential: boolean },
    { checkOpen, onClose }: { checkOpen: () => void; onClose: () => void },
  ): OpenScan {
    const opened = this.#view.open(start, end, options.sequential);
    return {
      scan: new VisibleScan({
        cursor: new MergeCursor(opened.cursors),
        rangeDeletes: new RangeDeleteSet(this.#view.rangeDeletes(start, end, this.#seq)),
        snapshotSeq: this.#seq,
        nowMs: this.#nowMs(),
        start,
        end,
        reverse: options.reverse,
      }),
      checkOpen,
      close: () => {
        opened.close();
        onClose();
      },
    };
  }
}

function released(): AlopexError {
  return new AlopexError(SqlState.invalidParameter, 'the snapshot was released', {
    hint: 'Take a new one with kv.snapshot().',
  });
}
