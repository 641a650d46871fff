import type { Put, Store } from './store.ts';
import { keyOf, Sequence, shuffled, Values } from './workload.ts';

/** What one turn did. The checksum is the same for contestants that returned the same. */
export interface Outcome {
  readonly operations: number;
  readonly ms: number;
  readonly checksum: number;
}

export interface Measure {
  readonly name: string;
  readonly title: string;
  /** The turn leaves work for the background, which must be over before the other contestant's turn. */
  readonly writes: boolean;
  readonly turns: number;
  run(bench: Bench, turn: number): Promise<Outcome>;
}

const PUTS_PER_BATCH = 1000;
const HOT_KEYS = 20_000;
const KEYS_PER_GET_MANY = 100;
const IN_FLIGHT = 64;
const WARM_UP = 2000;
const SYNC_GETS = 200_000;
const ASYNC_GETS = 20_000;
const MIXED = 20_000;
const SEED = 20_000;

/** A contestant with `count` keys, and what its measures share. */
export class Bench {
  readonly store: Store;
  readonly count: number;
  readonly values = new Values(SEED);

  constructor(store: Store, count: number) {
    this.store = store;
    this.count = count;
  }

  /** Keys chosen evenly from all. */
  uniformKeys(operations: number, turn: number): Uint8Array[] {
    const random = new Sequence(SEED + 1 + turn);
    return Array.from({ length: operations }, () => keyOf(random.next(this.count)));
  }

  /** Keys chosen evenly from a range of neighbours whose blocks fit into every cache. */
  hotKeys(operations: number, turn: number): Uint8Array[] {
    const size = Math.min(HOT_KEYS, this.count);
    const first = Math.floor((this.count - size) / 3);
    const random = new Sequence(SEED + 101 + turn);
    return Array.from({ length: operations }, () => keyOf(first + random.next(size)));
  }

  /** Reads the hot range twice, so that it is in memory. */
  warmHotRange(): void {
    const size = Math.min(HOT_KEYS, this.count);
    const first = Math.floor((this.count - size) / 3);
    for (let index = 0; index < 2 * size; index++) this.store.getSync(keyOf(first + (index % size)));
  }
}

const LOAD: Measure = {
  name: 'load',
  title: 'put, batches of 1,000, random order',
  writes: true,
  turns: 1,
  run: (bench) => putAll(bench, shuffled(bench.count, SEED + 2), 0),
};

const OVERWRITE: Measure = {
  name: 'overwrite',
  title: 'overwrite half of the keys, batches of 1,000, random order',
  writes: true,
  turns: 1,
  run: (bench) => putAll(bench, shuffled(bench.count, SEED + 3).subarray(0, bench.count >>> 1), 1),
};

const CACHED: readonly Measure[] = [
  reading('cachedGetSync', 'cached: getSync', (bench, turn) => {
    bench.warmHotRange();
    return getsSync(bench, bench.hotKeys(SYNC_GETS, turn));
  }),
  reading('cachedGet', 'cached: await get, one at a time', (bench, turn) => {
    bench.warmHotRange();
    return gets(bench, bench.hotKeys(ASYNC_GETS, turn));
  }),
  reading('cachedGetMany', 'cached: getMany of 100', (bench, turn) => {
    bench.warmHotRange();
    return getsMany(bench, bench.hotKeys(ASYNC_GETS, turn));
  }),
];

const BEYOND: readonly Measure[] = [
  reading('beyondGetSync', 'beyond the cache: getSync', (bench, turn) =>
    getsSync(bench, bench.uniformKeys(SYNC_GETS, turn)),
  ),
  reading('beyondGet', 'beyond the cache: await get, one at a time', (bench, turn) =>
    gets(bench, bench.uniformKeys(ASYNC_GETS, turn)),
  ),
  reading('beyondGetMany', 'beyond the cache: getMany of 100', (bench, turn) =>
    getsMany(bench, bench.uniformKeys(ASYNC_GETS, turn)),
  ),
];

const ITERATE: readonly Measure[] = [
  reading('iterate', 'iterate all: for await', iterate, 1),
  reading(
    'drain',
    'iterate all: nextSync / nextv(1000)',
    async (bench) => drained(await timedDrain(() => bench.store.drain())),
    1,
  ),
  reading(
    'drainStrings',
    'iterate all as strings: nextSync / nextv(1000)',
    async (bench) => drained(await timedDrain(() => bench.store.drainStrings())),
    1,
  ),
];

const MIX: readonly Measure[] = [
  { name: 'mixedSync', title: 'mixed 50/50: getSync and await put', writes: true, turns: 3, run: mixedSync },
  { name: 'mixed', title: 'mixed 50/50: await get and await put', writes: true, turns: 3, run: mixed },
  {
    name: 'mixedInFlight',
    title: 'mixed 50/50: get and put, 64 in flight',
    writes: true,
    turns: 3,
    run: mixedInFlight,
  },
];

/** In the order in which they are run; both kinds of amplification are read after `overwrite`. */
export const MEASURES: readonly Measure[] = [LOAD, OVERWRITE, ...CACHED, ...BEYOND, ...ITERATE, ...MIX];

function reading(name: string, title: string, run: Measure['run'], turns = 3): Measure {
  return { name, title, writes: false, turns, run };
}

/** Only the calls are timed, not the making of keys and values. */
async function putAll(bench: Bench, order: Uint32Array, generation: number): Promise<Outcome> {
  let ms = 0;
  for (let first = 0; first < order.length; first += PUTS_PER_BATCH) {
    const puts: Put[] = [];
    for (const index of order.subarray(first, first + PUTS_PER_BATCH)) puts.push(bench.values.put(index, generation));
    const start = performance.now();
    await bench.store.batch(puts);
    ms += performance.now() - start;
  }
  return { operations: order.length, ms, checksum: order.length };
}

function getsSync(bench: Bench, keys: readonly Uint8Array[]): Promise<Outcome> {
  const { store } = bench;
  let checksum = 0;
  for (const key of keys.slice(0, WARM_UP)) store.getSync(key);
  const start = performance.now();
  for (const key of keys) checksum = fold(checksum, store.getSync(key));
  return Promise.resolve({ operations: keys.length, ms: performance.now() - start, checksum });
}

async function gets(bench: Bench, keys: readonly Uint8Array[]): Promise<Outcome> {
  const { store } = bench;
  let checksum = 0;
  for (const key of keys.slice(0, WARM_UP)) await store.get(key);
  const start = performance.now();
  for (const key of keys) checksum = fold(checksum, await store.get(key));
  return { operations: keys.length, ms: performance.now() - start, checksum };
}

async function getsMany(bench: Bench, keys: readonly Uint8Array[]): Promise<Outcome> {
  let checksum = 0;
  const start = performance.now();
  for (let first = 0; first < keys.length; first += KEYS_PER_GET_MANY) {
    const values = await bench.store.getMany(keys.slice(first, first + KEYS_PER_GET_MANY));
    for (const value of values) checksum = fold(checksum, value);
  }
  return { operations: keys.length, ms: performance.now() - start, checksum };
}

async function iterate(bench: Bench): Promise<Outcome> {
  let checksum = 0;
  let operations = 0;
  const start = performance.now();
  for await (const [key, value] of bench.store.scan()) {
    operations++;
    checksum = fold(checksum + key.length, value);
  }
  return { operations, ms: performance.now() - start, checksum };
}

async function timedDrain(drain: Store['drain']): Promise<{ pairs: number; valueLength: number; ms: number }> {
  const start = performance.now();
  const seen = await drain();
  return { ...seen, ms: performance.now() - start };
}

function drained({ pairs, valueLength, ms }: { pairs: number; valueLength: number; ms: number }): Outcome {
  return { operations: pairs, ms, checksum: valueLength };
}

/** The operations of a mixed turn: a put where there is a value, a get where there is none. */
function mixture(bench: Bench, turn: number, salt: number): { key: Uint8Array; value: Uint8Array | undefined }[] {
  const random = new Sequence(SEED + salt + turn);
  return Array.from({ length: MIXED }, () => {
    const index = random.next(bench.count);
    const value = random.next(2) === 0 ? undefined : bench.values.of(index, salt + turn);
    return { key: keyOf(index), value };
  });
}

async function mixedSync(bench: Bench, turn: number): Promise<Outcome> {
  const operations = mixture(bench, turn, 301);
  const { store } = bench;
  let checksum = 0;
  const start = performance.now();
  for (const { key, value } of operations) {
    if (value === undefined) checksum = fold(checksum, store.getSync(key));
    else await store.put(key, value);
  }
  return { operations: operations.length, ms: performance.now() - start, checksum };
}

async function mixed(bench: Bench, turn: number): Promise<Outcome> {
  const operations = mixture(bench, turn, 401);
  const { store } = bench;
  let checksum = 0;
  const start = performance.now();
  for (const { key, value } of operations) {
    if (value === undefined) checksum = fold(checksum, await store.get(key));
    else await store.put(key, value);
  }
  return { operations: operations.length, ms: performance.now() - start, checksum };
}

/** A get may see the value before or after a put in flight with it: the checksum is of lengths. */
async function mixedInFlight(bench: Bench, turn: number): Promise<Outcome> {
  const operations = mixture(bench, turn, 501);
  const { store } = bench;
  let checksum = 0;
  const start = performance.now();
  for (let first = 0; first < operations.length; first += IN_FLIGHT) {
    const chunk = operations.slice(first, first + IN_FLIGHT);
    const results = await Promise.all(
      chunk.map(({ key, value }): Promise<unknown> => (value === undefined ? store.get(key) : store.put(key, value))),
    );
    for (const result of results) if (result instanceof Uint8Array) checksum += result.length;
  }
  return { operations: operations.length, ms: performance.now() - start, checksum };
}

/** Takes a few bytes of a value in, so that a wrong value shows; a missing one always does. */
function fold(checksum: number, value: Uint8Array | undefined): number {
  if (value === undefined) throw new Error('a key that was put is not found');
  return (Math.imul(checksum, 31) + value.length + (value[0] ?? 0) + (value[value.length - 1] ?? 0)) | 0;
}
