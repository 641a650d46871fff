import { randomBytes, randomInt } from 'node:crypto';
import { folderBytes, writtenBytes } from './disk.ts';
import { Bench, MEASURES, type Outcome } from './measures.ts';
import type { Put, Store, StoreName, StoreOptions } from './store.ts';

/** What the parent asks of a contestant's process. One request is answered before the next is sent. */
export type Request =
  | { readonly ask: 'open'; readonly store: StoreName; readonly folder: string; readonly options: StoreOptions }
  | { readonly ask: 'measure'; readonly name: string; readonly count: number; readonly turn: number }
  | { readonly ask: 'settle' }
  | { readonly ask: 'fill'; readonly pairs: number; readonly valueBytes: number }
  | { readonly ask: 'holds'; readonly index: number; readonly valueBytes: number }
  | { readonly ask: 'close' };

export interface Settled {
  readonly ms: number;
  readonly diskBytes: number;
  /** Bytes handed to `write` since the process began. */
  readonly writtenBytes: number | undefined;
  readonly reported: Readonly<Record<string, number>>;
  readonly peakMemoryBytes: number;
}

export interface Answers {
  readonly open: { readonly ms: number };
  readonly measure: Outcome;
  readonly settle: Settled;
  readonly fill: { readonly bytes: number };
  readonly holds: { readonly found: boolean };
  readonly close: { readonly ms: number };
}

export type Reply = { readonly ok: true; readonly answer: unknown } | { readonly ok: false; readonly message: string };

const FILL_BATCH_BYTES = 1 << 20;
const NOISE_BYTES = 4 << 20;

/** One contestant in a process of its own: its own memory, its own compiled code, its own counters of written bytes. */
class Player {
  #store: Store | undefined;
  #folder = '';
  #bench: Bench | undefined;

  async answer(request: Request): Promise<unknown> {
    switch (request.ask) {
      case 'open':
        return this.#open(request.store, request.folder, request.options);
      case 'measure':
        return this.#measure(request.name, request.count, request.turn);
      case 'settle':
        return this.#settle();
      case 'fill':
        return this.#fill(request.pairs, request.valueBytes);
      case 'holds': {
        const value = await this.#opened().get(fillKey(request.index));
        return { found: value?.length === request.valueBytes } satisfies Answers['holds'];
      }
      case 'close': {
        const start = performance.now();
        await this.#store?.close();
        return { ms: performance.now() - start } satisfies Answers['close'];
      }
    }
  }

  /** Modules are loaded first, so that opening alone is timed. */
  async #open(name: StoreName, folder: string, options: StoreOptions): Promise<Answers['open']> {
    const open =
      name === 'alopex' ? (await import('./alopex.ts')).openAlopex : (await import('./leveldb.ts')).openLevelDb;
    const start = performance.now();
    this.#store = await open(folder, options);
    this.#folder = folder;
    return { ms: performance.now() - start };
  }

  async #measure(name: string, count: number, turn: number): Promise<Outcome> {
    const measure = MEASURES.find((candidate) => candidate.name === name);
    if (measure === undefined) throw new Error(`there is no measure "${name}"`);
    this.#bench ??= new Bench(this.#opened(), count);
    return measure.run(this.#bench, turn);
  }

  async #settle(): Promise<Settled> {
    const store = this.#opened();
    const start = performance.now();
    await store.settle();
    return {
      ms: performance.now() - start,
      diskBytes: await folderBytes(this.#folder),
      writtenBytes: writtenBytes(),
      reported: store.bytesWritten(),
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    };
  }

  /** Puts pairs in the order of their keys, with values that do not compress. */
  async #fill(pairs: number, valueBytes: number): Promise<Answers['fill']> {
    const store = this.#opened();
    const noise = randomBytes(NOISE_BYTES + valueBytes);
    const perBatch = Math.max(1, Math.floor(FILL_BATCH_BYTES / valueBytes));
    let bytes = 0;
    for (let first = 0; first < pairs; first += perBatch) {
      const puts = Array.from({ length: Math.min(perBatch, pairs - first) }, (_, offset): Put => {
        const start = randomInt(NOISE_BYTES);
        return { type: 'put', key: fillKey(first + offset), value: noise.subarray(start, start + valueBytes) };
      });
      for (const { key, value } of puts) bytes += key.length + value.length;
      await store.batch(puts);
    }
    return { bytes };
  }

  #opened(): Store {
    if (this.#store === undefined) throw new Error('the store is not open');
    return this.#store;
  }
}

function fillKey(index: number): Uint8Array {
  return Buffer.from(String(index).padStart(16, '0'), 'latin1');
}

const player = new Player();
process.on('message', (request: Request) => {
  player.answer(request).then(
    (answer) => process.send?.({ ok: true, answer } satisfies Reply),
    (error: unknown) =>
      process.send?.({
        ok: false,
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      } satisfies Reply),
  );
});
process.on('disconnect', () => process.exit()); // The parent is gone.
