import type { AlopexDB } from '../../index.ts';
import type { Scenario, State, Step } from './scenario.ts';

const TEXT = { keyEncoding: 'text', valueEncoding: 'text' } as const;

function space(db: AlopexDB) {
  return db.kv.keyspace('faults', TEXT);
}

/** Every key as a scan shows it, and some as look-ups do. */
async function read(db: AlopexDB): Promise<State> {
  const found = new Map<string, string>();
  for await (const [key, value] of space(db).scan()) found.set(key, value);
  for (const key of [...found.keys()].filter((_, index) => index % 9 === 0)) {
    const value = await space(db).get(key);
    if (value !== found.get(key)) found.set(`${key} by get`, value ?? 'absent');
  }
  return found;
}

function put(key: string, value: string): Step {
  return {
    name: `put ${key.slice(0, 8)}`,
    run: (db) => space(db).put(key, value),
    next: (state) => new Map(state).set(key, value),
  };
}

function remove(key: string): Step {
  const without = (state: State): State => new Map([...state].filter(([name]) => name !== key));
  return { name: `delete ${key}`, run: (db) => space(db).delete(key), next: without };
}

/** Puts `count` keys in one batch. */
function batch(prefix: string, count: number, value: string): Step {
  const keys = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  return {
    name: `batch ${prefix}`,
    run: (db) => space(db).batch(keys.map((key) => ({ type: 'put', key, value }))),
    next: (state) => new Map([...state, ...keys.map((key) => [key, value] as const)]),
  };
}

function removeRange(gte: string, lt: string): Step {
  return {
    name: `delete range ${gte} to ${lt}`,
    run: (db) => space(db).deleteRange({ gte, lt }),
    next: (state) => new Map([...state].filter(([key]) => key < gte || key >= lt)),
  };
}

/** Moves a value from one key to another: both or neither. */
function transaction(from: string, to: string): Step {
  return {
    name: `transaction ${from} to ${to}`,
    run: (db) =>
      db.transaction(async (tx) => {
        const keys = tx.kv.keyspace('faults', TEXT);
        const value = await keys.get(from);
        await keys.delete(from);
        await keys.put(to, `moved ${value}`);
      }),
    next: (state) => {
      const moved = new Map(state).set(to, `moved ${state.get(from)}`);
      moved.delete(from);
      return moved;
    },
  };
}

const FLUSH: Step = { name: 'flush', run: (db) => db.kv.flush() };
const COMPACT: Step = { name: 'compaction', run: (db) => db.kv.settled() };
const CHECKPOINT: Step = { name: 'CHECKPOINT', run: (db) => db.execute('CHECKPOINT') };

const LIMITS = { kvMemtableBytes: 6_000, blockCacheBytes: 8_000, openFiles: 3 };

/** Open, commit, flush, compact, collect, checkpoint, close, and opening with a log to replay. */
export const KEYS: Scenario = {
  name: 'keys',
  database: { limits: LIMITS },
  faultsFrom: 0,
  lives: [
    [
      put('a', 'first'),
      batch('b', 12, 'x'.repeat(60)),
      FLUSH,
      put('b3', 'newer'),
      removeRange('b5', 'b8'),
      FLUSH,
      remove('a'),
      transaction('b3', 'c'),
      CHECKPOINT,
      put('d', 'in the log'),
    ],
    // The fourth segment makes a compaction due.
    [put('b1', 'again'), FLUSH, COMPACT, batch('b', 30, 'z'.repeat(150)), remove('b4'), FLUSH, COMPACT],
    [put('e', 'last')],
  ],
  epilogue: put('epilogue', 'done'),
  read,
};

const MANY_PUTS = (prefix: string): Step[] =>
  Array.from({ length: 7 }, (_, index) => put(`${prefix}${index}`, 'small'));

/** Files of the log with so many commits that space is made ahead of them: used, given back at a flush and at the end, and left behind by a crash. */
export const LOG_SPACE: Scenario = {
  name: 'log-space',
  database: { limits: { ...LIMITS, kvMemtableBytes: 1_000_000 } },
  faultsFrom: 0,
  lives: [
    [...MANY_PUTS('a'), FLUSH, ...MANY_PUTS('b')],
    [...MANY_PUTS('c'), FLUSH, COMPACT, put('d', 'last')],
  ],
  epilogue: put('epilogue', 'done'),
  read,
};

const BIG_KEY_BYTES = 60_000;

/** Seven segments with bounds so large that the manifest grows beyond 1 MiB: opening writes it anew. */
export const MANIFEST_REWRITE: Scenario = {
  name: 'manifest-rewrite',
  database: { limits: { ...LIMITS, kvMemtableBytes: 1_000_000 } },
  faultsFrom: 1,
  lives: [
    Array.from({ length: 6 }, (_, index) => [
      put(`${index}${'k'.repeat(BIG_KEY_BYTES)}`, 'big'),
      FLUSH,
      COMPACT,
    ]).flat(),
    [put('after', 'the rewrite')],
    [],
  ],
  epilogue: put('epilogue', 'done'),
  read,
};
