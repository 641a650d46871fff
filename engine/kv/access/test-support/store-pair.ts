import { expect } from 'vitest';
import type { Durability } from '../../../log/log.ts';
import type { KeyScan } from '../key-scan.ts';
import type { BatchOperation, Keyspace } from '../keyspace.ts';
import type { KvSnapshot } from '../snapshot.ts';
import { LimitedFiles } from './limited-files.ts';
import { ManualClock } from './manual-clock.ts';
import {
  modelGet,
  modelScan,
  ModelStore,
  type ModelEntry,
  type ModelOperation,
  type ModelState,
} from './model-store.ts';
import { openStore, type OpenStore } from './open-store.ts';
import { KEYS, type StoreCommand } from './store-command.ts';

interface HeldSnapshot {
  readonly real: KvSnapshot;
  readonly model: ModelState;
}

/** A store and its model. Every command goes to both; what they answer must be the same. */
export class StorePair {
  readonly #clock: ManualClock;
  readonly #durability: Durability;
  readonly #model = new ModelStore();
  #files: LimitedFiles;
  #store: OpenStore;
  #snapshots: HeldSnapshot[] = [];
  /** Over all openings. */
  flushes = 0;
  compactions = 0;

  private constructor(files: LimitedFiles, clock: ManualClock, durability: Durability, store: OpenStore) {
    this.#files = files;
    this.#clock = clock;
    this.#durability = durability;
    this.#store = store;
  }

  static async open(durability: Durability): Promise<StorePair> {
    const files = new LimitedFiles();
    const clock = new ManualClock();
    return new StorePair(files, clock, durability, await openStore({ files, clock, durability }));
  }

  async apply(command: StoreCommand): Promise<void> {
    switch (command.kind) {
      case 'put':
        return this.#put(command);
      case 'delete':
        return this.#delete(command);
      case 'batch':
        return this.#batch(command);
      case 'delete-range':
        await this.#keyspace(command.keyspace).deleteRange(command.range);
        this.#model.deleteRange(command.keyspace, command.range);
        return;
      case 'burst':
        return this.#burst(command);
      case 'get':
        return this.#get(command);
      case 'scan':
        return this.#scan(command);
      case 'take-snapshot':
        this.#snapshots.push({ real: this.#store.kv.snapshot(), model: this.#model.state });
        return;
      case 'release-snapshot':
        this.#snapshots.shift()?.real.release();
        return;
      case 'flush':
        return this.#store.kv.flush();
      case 'settle':
        return this.#store.kv.settled();
      case 'reopen':
        await this.close();
        return this.#open();
      case 'kill': {
        // The old process goes on for a while on files of its own, so that nothing is left running.
        const left = this.#files.copy();
        await this.close();
        this.#files = left;
        return this.#open();
      }
      case 'pass-time':
        this.#clock.timeMs += command.durationMs;
    }
  }

  /** All keys of all keyspaces and snapshots, by every way to read them. */
  async compareAll(): Promise<void> {
    for (const keyspace of ['default', 'users', 'ü', 'never used']) {
      for (const snapshot of [0, ...this.#snapshots.map((_, index) => index * 2 + 1)]) {
        await this.#get({ keyspace, keys: KEYS, snapshot });
        await this.#scan({ keyspace, options: {}, snapshot });
        await this.#scan({ keyspace, options: { reverse: true }, snapshot });
      }
    }
    expect(this.#store.warnings).toEqual([]);
  }

  async close(): Promise<void> {
    for (const { real } of this.#snapshots) real.release();
    this.#snapshots = [];
    const { flushes, compactions } = this.#store.kv.metrics();
    this.flushes += flushes;
    this.compactions += compactions;
    await this.#store.close();
  }

  async #open(): Promise<void> {
    this.#store = await openStore({ files: this.#files, clock: this.#clock, durability: this.#durability });
  }

  #keyspace(name: string): Keyspace {
    return name === 'default' ? this.#store.kv : this.#store.kv.keyspace(name);
  }

  #entry(value: Uint8Array, ttlMs: number | undefined): ModelEntry {
    return { value, expiresMs: ttlMs === undefined ? 0 : this.#clock.timeMs + Math.ceil(ttlMs) };
  }

  #now(keyspace: string, key: Uint8Array): Uint8Array | undefined {
    return modelGet(this.#model.state, keyspace, key, this.#clock.timeMs);
  }

  /** The value to ask for, and whether it is the one that is there. */
  #condition(
    wanted: 'none' | 'absent' | 'same value' | 'other value',
    current: Uint8Array | undefined,
  ): { holds: boolean; options: { ifAbsent?: boolean; ifValue?: Uint8Array } } {
    if (wanted === 'none') return { holds: true, options: {} };
    if (wanted === 'absent') return { holds: current === undefined, options: { ifAbsent: true } };
    if (wanted === 'same value' && current !== undefined) return { holds: true, options: { ifValue: current } };
    return { holds: false, options: { ifValue: Uint8Array.of(1, 2, 3) } };
  }

  async #put({ keyspace, key, value, ttlMs, condition }: StoreCommand & { kind: 'put' }): Promise<void> {
    const { holds, options } = this.#condition(condition, this.#now(keyspace, key));
    const put = await this.#keyspace(keyspace).put(key, value, { ...options, ...(ttlMs !== undefined && { ttlMs }) });
    expect(put).toBe(holds);
    if (holds) this.#model.apply([{ type: 'put', keyspace, key, entry: this.#entry(value, ttlMs) }]);
    expect(await this.#keyspace(keyspace).get(key)).toEqual(this.#now(keyspace, key));
  }

  async #delete({ keyspace, key, condition }: StoreCommand & { kind: 'delete' }): Promise<void> {
    const { holds, options } = this.#condition(condition, this.#now(keyspace, key));
    expect(await this.#keyspace(keyspace).delete(key, options)).toBe(holds);
    if (holds) this.#model.apply([{ type: 'del', keyspace, key }]);
    expect(this.#keyspace(keyspace).getSync(key)).toEqual(this.#now(keyspace, key));
  }

  async #batch({ keyspace, operations }: StoreCommand & { kind: 'batch' }): Promise<void> {
    const real = operations.map(({ type, key, value, ttlMs, keyspace: other }): BatchOperation<Uint8Array> => {
      const place = other === undefined ? {} : { keyspace: other };
      if (type === 'del') return { type, key, ...place };
      return { type, key, value, ...place, ...(ttlMs !== undefined && { ttlMs }) };
    });
    const model = operations.map(({ type, key, value, ttlMs, keyspace: other = keyspace }): ModelOperation => {
      if (type === 'del') return { type, keyspace: other, key };
      return { type, keyspace: other, key, entry: this.#entry(value, ttlMs) };
    });
    await this.#keyspace(keyspace).batch(real);
    this.#model.apply(model);
  }

  async #burst({ keyspace, writes }: StoreCommand & { kind: 'burst' }): Promise<void> {
    // It makes the keyspace, so that none of the writes has to: only then is their order that of the calls.
    const space = this.#keyspace(keyspace);
    await space.delete('burst');
    const done = await Promise.all(writes.map(({ key, value }) => space.put(key, value)));
    expect(done).toEqual(writes.map(() => true));
    this.#model.apply(
      writes.map(({ key, value }) => ({ type: 'put', keyspace, key, entry: this.#entry(value, undefined) })),
    );
  }

  async #get(command: { keyspace: string; keys: readonly Uint8Array[]; snapshot: number }): Promise<void> {
    const { state, options } = this.#reading(command.snapshot);
    const space = this.#keyspace(command.keyspace);
    const expected = command.keys.map((key) => modelGet(state, command.keyspace, key, this.#clock.timeMs));
    expect(await space.getMany(command.keys, options)).toEqual(expected);
    for (const [index, key] of command.keys.entries()) {
      expect(await space.has(key, options)).toBe(expected[index] !== undefined);
      expect(space.getSync(key, options)).toEqual(expected[index]);
    }
  }

  async #scan({ keyspace, options, snapshot }: { keyspace: string; options: object; snapshot: number }): Promise<void> {
    const { state, options: reading } = this.#reading(snapshot);
    const expected = modelScan(state, keyspace, options, this.#clock.timeMs);
    expect(await collect(this.#keyspace(keyspace).scan({ ...options, ...reading }))).toEqual(expected);
  }

  #reading(choice: number): { state: ModelState; options: { snapshot?: KvSnapshot } } {
    const held = choice % 2 === 0 ? undefined : this.#snapshots[(choice >> 1) % this.#snapshots.length];
    if (held === undefined) return { state: this.#model.state, options: {} };
    return { state: held.model, options: { snapshot: held.real } };
  }
}

export async function collect<K, V>(scan: KeyScan<K, V>): Promise<[K, V][]> {
  const entries: [K, V][] = [];
  for await (const entry of scan) entries.push(entry);
  return entries;
}
