import type { KvReader } from './kv-tree.ts';

/** All keyspaces as they were at one commit. It keeps what it can read on disk: release it soon. */
export class KvSnapshot {
  readonly reader: KvReader;
  /** Number of the commit. */
  readonly seq: number;
  readonly #release: () => void;

  constructor(reader: KvReader, seq: number, release: () => void) {
    this.reader = reader;
    this.seq = seq;
    this.#release = release;
  }

  release(): void {
    this.#release();
  }

  [Symbol.dispose](): void {
    this.#release();
  }
}
