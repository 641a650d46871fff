import type { AlopexDB } from '../../index.ts';
import type { Scenario, State, Step } from './scenario.ts';

/** All rows of the table, what its figures say of them, and the keys. */
async function read(db: AlopexDB): Promise<State> {
  const found = new Map<string, string>();
  const names = await db.query(`SELECT name, row_count::INTEGER AS n FROM alopex.tables ORDER BY name`);
  for (const row of names) {
    const { name, n } = row.toJSON() as { name: string; n: number };
    let rows = 0;
    for (const each of await db.query(`SELECT id::INTEGER AS id, t::VARCHAR AS text FROM ${name} AS t ORDER BY id`)) {
      const { id, text } = each.toJSON() as { id: number; text: string };
      if (found.has(`${name} ${id}`)) throw new Error(`row ${id} of ${name} is there twice`);
      found.set(`${name} ${id}`, /'v': (\d+)/.exec(text)?.[1] ?? text);
      rows++;
    }
    found.set(name, rows === n ? 'made' : `made, with ${n} rows of ${rows}`);
  }
  const keys = db.kv.keyspace('faults', { keyEncoding: 'text', valueEncoding: 'text' });
  for await (const [key, value] of keys.scan()) found.set(`key ${key}`, value);
  return found;
}

function sql(text: string, next?: (state: Map<string, string>) => unknown): Step {
  return {
    name: text.replaceAll(/\s+/g, ' ').slice(0, 50),
    run: (db) => db.execute(text),
    ...(next === undefined ? {} : { next: (state) => changed(state, next) }),
  };
}

function changed(state: State, change: (state: Map<string, string>) => unknown): State {
  const after = new Map(state);
  change(after);
  return after;
}

const DAYS = `TIMESTAMP '2024-01-01' + INTERVAL (i) DAY`;

function create(name: string): Step {
  return sql(
    `CREATE TABLE ${name} (id BIGINT PRIMARY KEY, ts TIMESTAMP NOT NULL, v BIGINT)
       WITH (sort_by = 'ts', partition_by = 'month(ts)', tier_column = 'ts')`,
    (state) => state.set(name, 'made'),
  );
}

/** Ids are days of 2024 too. */
function insert(from: number, to: number, v: number): Step {
  return sql(`INSERT INTO t SELECT i, ${DAYS}, ${v} FROM range(${from}, ${to}) AS r(i)`, (state) => {
    for (let id = from; id < to; id++) state.set(`t ${id}`, String(v));
  });
}

function update(modulus: number, remainder: number, v: number): Step {
  return sql(`UPDATE t SET v = ${v} WHERE id % ${modulus} = ${remainder}`, (state) => {
    for (const id of idsIn(state)) if (id % modulus === remainder) state.set(`t ${id}`, String(v));
  });
}

function remove(modulus: number, remainder: number): Step {
  return sql(`DELETE FROM t WHERE id % ${modulus} = ${remainder}`, (state) => {
    for (const id of idsIn(state)) if (id % modulus === remainder) state.delete(`t ${id}`);
  });
}

function idsIn(state: State): number[] {
  return [...state.keys()].filter((name) => name.startsWith('t ')).map((name) => Number(name.slice(2)));
}

/** Changes rows and a key: both or neither. */
function transaction(id: number, v: number): Step {
  return {
    name: `transaction ${id}`,
    run: (db) =>
      db.transaction(async (tx) => {
        await tx.execute(`UPDATE t SET v = ${v} WHERE id = ${id}`);
        await tx.kv.keyspace('faults').put(`of ${id}`, String(v));
      }),
    next: (state) => changed(state, (after) => after.set(`t ${id}`, String(v)).set(`key of ${id}`, String(v))),
  };
}

const CHECKPOINT = sql('CHECKPOINT');
const TO_COLD = sql(`ALTER TABLE t TIER PARTITION WHERE ts < '2024-01-16' TO COLD`);
const MORE_TO_COLD = sql(`ALTER TABLE t TIER PARTITION WHERE ts < '2024-02-11' TO COLD`);
const TO_HOT = sql(`ALTER TABLE t TIER PARTITION WHERE ts < '2024-01-06' TO HOT`);
const VACUUM = sql('VACUUM t');

const COMMON = {
  database: { limits: { largeRows: 20, mergeSegments: 0 }, threads: 1 },
  epilogue: sql(`CREATE TABLE epilogue AS SELECT 1::BIGINT AS id, 5::BIGINT AS v`, (state) =>
    state.set('epilogue', 'made').set('epilogue 1', '5'),
  ),
  read,
} as const;

const FILLED = [create('t'), insert(0, 30, 1), insert(30, 34, 2)];

/** Making a database and a table, small and large commits, flush, checkpoint, and opening with a log to replay. */
export const TABLES: Scenario = {
  ...COMMON,
  name: 'tables',
  faultsFrom: 0,
  lives: [
    [create('t'), insert(0, 4, 1), update(3, 1, 2), insert(10, 40, 3), remove(7, 0), CHECKPOINT, update(5, 2, 4)],
    [transaction(11, 9), remove(9, 2), CHECKPOINT],
    [],
  ],
};

/** Segments are merged, with deletes on them; what they are made of is removed. */
export const COMPACTION: Scenario = {
  ...COMMON,
  name: 'compaction',
  faultsFrom: 1,
  lives: [
    [...FILLED, insert(40, 70, 3), remove(6, 1), CHECKPOINT, update(8, 3, 5)],
    [VACUUM, update(7, 2, 6), VACUUM],
    [],
  ],
};

/** Rows move to the cold tier, are changed there, and some come back. */
export const TIERING: Scenario = {
  ...COMMON,
  name: 'tiering',
  faultsFrom: 1,
  lives: [
    [...FILLED, remove(6, 1)],
    [TO_COLD, update(4, 2, 7), remove(10, 3), MORE_TO_COLD, TO_HOT, sql('DROP TABLE t', dropTable)],
    [],
  ],
};

function dropTable(state: Map<string, string>): void {
  for (const id of idsIn(state)) state.delete(`t ${id}`);
  state.delete('t');
}
