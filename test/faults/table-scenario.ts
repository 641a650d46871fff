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

/** Defines tables and changes rows, in those that were there and in those that were not: all of it or none. */
function migration(v: number): Step {
  return {
    name: `migration ${v}`,
    run: (db) =>
      db.transaction(async (tx) => {
        await tx.execute(`UPDATE t SET v = ${v} WHERE id % 4 = 1`);
        await tx.execute(`ALTER TABLE t ADD COLUMN extra_${v} INTEGER DEFAULT 1`);
        await tx.execute('DELETE FROM t WHERE id % 5 = 3');
        await tx.execute(`CREATE TABLE u_${v} AS SELECT id, v FROM t WHERE id < 3`);
        const savepoint = tx.savepoint();
        await tx.execute('DROP TABLE t; CREATE TABLE passing (id BIGINT, v BIGINT); INSERT INTO passing VALUES (1, 1)');
        await savepoint.rollBack();
        await tx.execute(`INSERT INTO u_${v} VALUES (50, ${v}); UPDATE u_${v} SET v = ${v} WHERE id = 0`);
        await tx.execute(`DROP TABLE IF EXISTS u_${v - 1}`);
      }),
    next: (state) =>
      changed(state, (after) => {
        for (const id of idsIn(after)) if (id % 4 === 1) after.set(`t ${id}`, String(v));
        for (const id of idsIn(after)) if (id % 5 === 3) after.delete(`t ${id}`);
        for (const name of after.keys()) if (name.startsWith(`u_${v - 1}`)) after.delete(name);
        const copied = idsIn(after).filter((id) => id < 3);
        for (const id of copied) after.set(`u_${v} ${id}`, id === 0 ? String(v) : (after.get(`t ${id}`) ?? ''));
        after.set(`u_${v}`, 'made').set(`u_${v} 50`, String(v));
      }),
  };
}

/** Leaves nothing. */
function undoneMigration(): Step {
  return {
    name: 'migration that is rolled back',
    run: async (db) => {
      const connection = await db.connect();
      try {
        await connection.execute('BEGIN; CREATE TABLE w AS SELECT id, v FROM t; DELETE FROM t WHERE id < 9');
        await connection.execute('ALTER TABLE t RENAME COLUMN v TO w; ROLLBACK');
      } finally {
        await connection.close();
      }
    },
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

/** Tables are made, changed, dropped and filled by single transactions. */
export const DEFINITIONS: Scenario = {
  ...COMMON,
  name: 'definitions',
  faultsFrom: 1,
  lives: [[...FILLED, remove(6, 1)], [migration(7), update(5, 2, 4), undoneMigration(), migration(8)], []],
};

function dropTable(state: Map<string, string>): void {
  for (const id of idsIn(state)) state.delete(`t ${id}`);
  state.delete('t');
}
