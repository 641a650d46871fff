import type { KvStore } from '../store/kv-store.ts';
import type { KvMetrics } from '../store/metrics.ts';
import { KeyValue } from './key-value.ts';
import type { KvSnapshot } from './snapshot.ts';
import type { StoreTree } from './store-tree.ts';

/** The key-value store of a database: `db.kv`. */
export class KeyValueStore extends KeyValue {
  readonly #tree: StoreTree;
  readonly #store: KvStore;

  constructor(tree: StoreTree, store: KvStore) {
    super(tree);
    this.#tree = tree;
    this.#store = store;
  }

  /** All keyspaces as they are now, for reads that must fit together. To be released. */
  snapshot(): KvSnapshot {
    return this.#tree.snapshot();
  }

  /** Names of all keyspaces, the default one first. */
  keyspaces(): string[] {
    return this.#tree.keyspaceNames;
  }

  /** Writes what is in memory to segments. Nothing needs it to be durable. */
  flush(): Promise<void> {
    return this.#store.flush();
  }

  /** Waits until flushes and compactions have nothing left to do. */
  settled(): Promise<void> {
    return this.#store.settled();
  }

  metrics(): KvMetrics {
    return this.#store.metrics();
  }
}
