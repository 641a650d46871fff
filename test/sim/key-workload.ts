import type { SimTime } from '../../engine/sim/clock.ts';
import type { SeededRandom } from '../../engine/sim/random.ts';
import type { AlopexDB, KvSnapshot } from '../../index.ts';
import { changedKeys, drawChange, isExpired, mayBeExpired, run, valueOf } from './key-operation.ts';
import { keyOf, keyspace, type TextKeyspace } from './key-space.ts';
import { Partition, Violation, type Change, type State } from './model.ts';
import type { Turn, Workload } from './workload.ts';

type Action = 'change' | 'get' | 'get many' | 'scan own' | 'scan all' | 'conditional put' | 'snapshot' | 'flush';

const WEIGHTS: readonly (readonly [Action, number])[] = [
  ['change', 55],
  ['get', 20],
  ['get many', 4],
  ['scan own', 7],
  ['scan all', 2],
  ['conditional put', 7],
  ['snapshot', 4],
  ['flush', 0.5],
];

/** One keyspace for all tasks, each of which changes the keys with its own prefix. */
export class KeyWorkload implements Workload {
  readonly name = 'key';
  readonly #partitions: readonly Partition[];
  readonly #time: SimTime;
  /** A snapshot that a task holds, and what it must show. */
  readonly #held = new Map<number, { readonly db: AlopexDB; readonly snapshot: KvSnapshot; readonly state: State }>();

  constructor(tasks: number, time: SimTime) {
    this.#time = time;
    const mayBeGone = (value: string): boolean => mayBeExpired(value, time);
    this.#partitions = Array.from({ length: tasks }, (_, task) => new Partition(`${task}`, mayBeGone));
  }

  async prepare(): Promise<void> {
    // A keyspace comes into being with its first key.
  }

  async step(turn: Turn): Promise<void> {
    const { db, model, random, task } = turn;
    const partition = this.partition(task);
    const space = keyspace(db);
    switch (random.weighted(WEIGHTS)) {
      case 'change': {
        const change = drawChange(random, task, this.#time);
        const next = changedKeys(change, partition.state);
        await model.change(new Map([[partition, next]]), () => run(space, change));
        return;
      }
      case 'get':
        await this.#get(space, partition, [keyOf(random, task)]);
        return;
      case 'get many':
        await this.#get(space, partition, [keyOf(random, task), keyOf(random, task), keyOf(random, task)]);
        return;
      case 'scan own':
        await this.#scanOwn(space, partition, random);
        return;
      case 'scan all':
        await this.#scanAll(db, `task ${task}`);
        return;
      case 'conditional put':
        await this.#conditionalPut(turn, space, partition);
        return;
      case 'snapshot':
        await this.#snapshot(db, task, partition);
        return;
      case 'flush':
        await db.kv.flush();
    }
  }

  partition(task: number): Partition {
    const partition = this.#partitions[task];
    if (partition === undefined) throw new Violation(`there is a key that no task has written: task ${task}`);
    return partition;
  }

  async readAll(db: AlopexDB): Promise<Change> {
    this.#held.clear();
    return this.#read(keyspace(db), {});
  }

  async checkOwn({ db, task }: Turn): Promise<void> {
    const partition = this.partition(task);
    const found = await this.#read(keyspace(db), { prefix: `${task}/` });
    partition.check(found.get(partition) ?? new Map(), partition.moment, `task ${task}, after an error,`);
  }

  async #get(space: TextKeyspace, partition: Partition, keys: readonly string[]): Promise<void> {
    const { state } = partition;
    const values = keys.length === 1 ? [await space.get(keys[0] ?? '')] : await space.getMany(keys);
    for (const [index, key] of keys.entries()) this.#compare(key, state.get(key), values[index]);
  }

  #compare(key: string, expected: string | undefined, found: string | undefined): void {
    if (found !== undefined && isExpired(found, this.#time)) throw new Violation(`${key} has expired and is there`);
    if (found === expected) return;
    // Of values that may be over, it is not known after a restart which was the last.
    const isOver = (value: string | undefined): boolean => value === undefined || mayBeExpired(value, this.#time);
    if (isOver(expected) && isOver(found)) return;
    throw new Violation(`get(${key}): expected ${shown(expected)}, found ${shown(found)}`);
  }

  async #scanOwn(space: TextKeyspace, partition: Partition, random: SeededRandom): Promise<void> {
    const task = Number(partition.name);
    const [gte, lt] = [keyOf(random, task), keyOf(random, task)].sort();
    const reverse = random.chance(0.4);
    const limit = random.chance(0.3) ? random.between(0, 20) : -1;
    const { state } = partition;
    const found: [string, string][] = [];
    for await (const entry of space.scan({ gte: gte ?? '', lt: lt ?? '', reverse, limit })) found.push(entry);
    const lasting = ([, value]: readonly [string, string]): boolean => !mayBeExpired(value, this.#time);
    let expected = [...state].filter(([key]) => key >= (gte ?? '') && key < (lt ?? '')).sort(byKey);
    if (reverse) expected.reverse();
    // With keys that may or may not be there, it is not known where a limit falls.
    if (limit >= 0 && expected.every(lasting)) expected = expected.slice(0, limit);
    const seen = limit >= 0 && !expected.every(lasting) ? expected.slice(0, 0) : expected.filter(lasting);
    if (seen.length === 0 && expected.length > 0) return;
    const text = (entries: readonly (readonly [string, string])[]): string => JSON.stringify(entries.filter(lasting));
    if (text(seen) !== text(found)) {
      throw new Violation(`scan(${gte} to ${lt}, ${reverse}, ${limit}): expected ${text(seen)}, found ${text(found)}`);
    }
  }

  async #scanAll(db: AlopexDB, reader: string): Promise<void> {
    const since = this.#partitions.map((partition) => partition.moment);
    const found = await this.#read(keyspace(db), {});
    for (const [index, partition] of this.#partitions.entries()) {
      partition.check(found.get(partition) ?? new Map(), since[index] ?? 0, reader);
    }
  }

  async #conditionalPut({ model, random, task }: Turn, space: TextKeyspace, partition: Partition): Promise<void> {
    const key = keyOf(random, task);
    const { state } = partition;
    const old = state.get(key);
    if (old !== undefined && mayBeExpired(old, this.#time)) return;
    const value = valueOf(random);
    const ifAbsent = random.chance(0.5);
    const wanted = random.chance(0.5) ? old : valueOf(random);
    if (!ifAbsent && wanted === undefined) return;
    const applies = ifAbsent ? old === undefined : wanted === old;
    const changed = new Map(state).set(key, value);
    const next = applies ? changed : state;
    await model.change(new Map([[partition, next]]), async () => {
      const did = await space.put(key, value, ifAbsent ? { ifAbsent } : { ifValue: wanted ?? '' });
      if (did === applies) return;
      // After a restart the model may lack a value that may be over, and the database may show it (see `#compare`).
      const found = ifAbsent ? await space.get(key) : undefined;
      if (found === undefined || !mayBeExpired(found, this.#time)) {
        throw new Violation(`a conditional put of ${key} answered ${did}`);
      }
      changed.delete(key);
    });
  }

  async #snapshot(db: AlopexDB, task: number, partition: Partition): Promise<void> {
    const held = this.#held.get(task);
    if (held?.db !== db) {
      this.#held.set(task, { db, snapshot: db.kv.snapshot(), state: partition.state });
      return;
    }
    this.#held.delete(task);
    const found = await this.#read(keyspace(db), { prefix: `${task}/`, snapshot: held.snapshot });
    held.snapshot.release();
    if (!partition.isSame(held.state, found.get(partition) ?? new Map())) {
      throw new Violation(`a snapshot of task ${task} does not show any more what it did`);
    }
  }

  async #read(space: TextKeyspace, options: { prefix?: string; snapshot?: KvSnapshot }): Promise<Change> {
    const found = new Map(this.#partitions.map((partition) => [partition, new Map<string, string>()]));
    let last = '';
    for await (const [key, value] of space.scan(options)) {
      if (key <= last) throw new Violation(`a scan went from ${last} to ${key}`);
      last = key;
      found.get(this.partition(Number(key.split('/')[0])))?.set(key, value);
    }
    return found;
  }
}

function byKey([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return left < right ? -1 : 1;
}

function shown(value: string | undefined): string {
  return value === undefined ? 'nothing' : `${value.slice(0, 40)} (${value.length} characters)`;
}
