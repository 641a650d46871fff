import fc from 'fast-check';

/** One step of a random history. Statements are the same text for both databases; the rest is for AlopexDB alone and changes no row. */
export type DmlCommand =
  | { readonly kind: 'dml'; readonly sql: string }
  /** The number of columns so far goes into the new one's name. */
  | { readonly kind: 'add-column'; readonly type: 'INTEGER' | 'VARCHAR' }
  | { readonly kind: 'set-added'; readonly where: string; readonly value: number }
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'tier'; readonly direction: 'COLD' | 'HOT'; readonly where: string }
  /** A move with statements that run while it does. */
  | {
      readonly kind: 'tier-while';
      readonly direction: 'COLD' | 'HOT';
      readonly where: string;
      readonly meanwhile: readonly string[];
    };

/** Columns that every table of the property has; `ADD COLUMN` adds `extra_1`, `extra_2`, … */
export const BASE_COLUMNS = 'id INTEGER, g VARCHAR, ts TIMESTAMP, n BIGINT, s VARCHAR';

/** Few keys, so that statements meet the rows of earlier ones. */
const id = fc.integer({ min: 0, max: 14 });
const group = fc.constantFrom("'a'", "'b'", "'ä€'");
const month = fc.integer({ min: 1, max: 4 }).map((value) => `2024-0${value}-`);
const day = fc.integer({ min: 1, max: 28 }).map((value) => String(value).padStart(2, '0'));
const timestamp = fc.tuple(month, day).map(([m, d]) => `TIMESTAMP '${m}${d} 10:00:00'`);
const number = fc.integer({ min: -5, max: 20 }).map(String);
const nullable = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ arbitrary: value, weight: 6 }, { arbitrary: fc.constant('NULL'), weight: 1 });
const text = fc.constantFrom("''", "'x'", "'O''Neil'", "'Zürich'", `'${'long '.repeat(60)}'`);

const row = fc.tuple(id, group, nullable(timestamp), nullable(number), nullable(text));

const rowSql = (values: readonly (string | number)[]): string => `(${values.join(', ')})`;

/** Conditions with and without a total order of NULLs; some that pruning can use, some that it cannot. */
const condition: fc.Arbitrary<string> = fc.oneof(
  id.map((value) => `id = ${value}`),
  fc.tuple(id, id).map(([a, b]) => `id BETWEEN ${Math.min(a, b)} AND ${Math.max(a, b)}`),
  fc.array(id, { minLength: 1, maxLength: 4 }).map((ids) => `id IN (${ids.join(', ')})`),
  timestamp.map((value) => `ts < ${value}`),
  timestamp.map((value) => `ts >= ${value}`),
  number.map((value) => `n > ${value}`),
  group.map((value) => `g = ${value}`),
  fc.constantFrom(
    'ts IS NULL',
    's IS NULL',
    's IS NOT NULL',
    'n IS NULL',
    "s LIKE 'Z%'",
    'id % 3 = 1',
    'true',
    'false',
  ),
  fc.tuple(id, number).map(([a, b]) => `id > ${a} AND n <= ${b}`),
  fc.tuple(id, group).map(([a, b]) => `id < ${a} OR g = ${b}`),
);

const assignment = fc.constantFrom(
  'n = n + 1',
  'n = NULL',
  "s = s || '!'",
  "s = 'new', n = id",
  "ts = ts + INTERVAL '1 month'",
  "ts = TIMESTAMP '2024-02-29 23:59:59.999999'",
  'n = coalesce(n, 0) * 2, ts = NULL',
);

const keyAssignment = fc.constantFrom(
  'id = id + 1',
  'id = 14 - id',
  'id = id + 20',
  'id = id - 20',
  'id = 7',
  'id = NULL',
  "id = id + 1, g = 'b'",
  'id = id * 2, n = n + 100',
);

/** Statements that change rows. `keys` are the columns of the primary key. */
export function dmlStatement(keys: readonly string[]): fc.Arbitrary<string> {
  const rows = fc.array(row, { minLength: 1, maxLength: 6 });
  // DuckDB lets the first of several rows with one key win, where AlopexDB says 21000 (DO UPDATE) or lets the last win (OR REPLACE).
  const keyOf = (values: readonly (string | number | null)[]): string =>
    keys.includes('g') ? `${values[0]}/${values[1]}` : String(values[0]);
  const distinctRows = fc.uniqueArray(row, { minLength: 1, maxLength: 6, selector: keyOf });
  const values = (list: readonly (readonly (string | number)[])[]): string => `VALUES ${list.map(rowSql).join(', ')}`;
  const into = 't (id, g, ts, n, s)';
  const target = `(${keys.join(', ')})`;
  const doUpdate = fc.constantFrom(
    'n = excluded.n',
    's = excluded.s, ts = excluded.ts',
    'n = t.n + excluded.n',
    "s = coalesce(s, '-') || '+'",
    'n = excluded.n, s = excluded.s WHERE excluded.n > t.n',
    'n = excluded.n WHERE t.s IS NULL',
  );
  return fc.oneof(
    { arbitrary: distinctRows.map((list) => `INSERT INTO ${into} ${values(list)}`), weight: 4 },
    { arbitrary: rows.map((list) => `INSERT INTO ${into} ${values(list)}`), weight: 1 },
    { arbitrary: distinctRows.map((list) => `INSERT OR REPLACE INTO ${into} ${values(list)}`), weight: 4 },
    { arbitrary: rows.map((list) => `INSERT OR IGNORE INTO ${into} ${values(list)}`), weight: 2 },
    { arbitrary: rows.map((list) => `INSERT INTO ${into} ${values(list)} ON CONFLICT DO NOTHING`), weight: 1 },
    {
      arbitrary: fc
        .tuple(distinctRows, doUpdate)
        .map(([list, set]) => `INSERT INTO ${into} ${values(list)} ON CONFLICT ${target} DO UPDATE SET ${set}`),
      weight: 4,
    },
    {
      arbitrary: fc
        .tuple(condition, fc.integer({ min: 0, max: 8 }))
        .map(([where, by]) => `INSERT INTO ${into} SELECT id + ${by}, g, ts, n, s FROM t WHERE ${where}`),
      weight: 2,
    },
    {
      arbitrary: fc
        .tuple(condition, fc.integer({ min: 0, max: 3 }))
        .map(
          ([where, by]) => `INSERT OR REPLACE INTO ${into} SELECT id + ${by}, g, ts, n - 1, s FROM t WHERE ${where}`,
        ),
      weight: 2,
    },
    {
      arbitrary: group.map(
        (g) => `INSERT INTO ${into} VALUES (100, ${g}, NULL, 1, 'ok'), (NULL, ${g}, NULL, 2, 'bad')`,
      ),
      weight: 1,
    },
    {
      arbitrary: fc.tuple(assignment, condition).map(([set, where]) => `UPDATE t SET ${set} WHERE ${where}`),
      weight: 6,
    },
    {
      arbitrary: fc.tuple(keyAssignment, condition).map(([set, where]) => `UPDATE t SET ${set} WHERE ${where}`),
      weight: 3,
    },
    {
      arbitrary: fc
        .uniqueArray(id, { minLength: 1, maxLength: 5 })
        .map(
          (ids) =>
            `UPDATE t SET n = o.n, s = t.s || o.n FROM (VALUES ${ids.map((value) => `(${value}, ${value * 11})`).join(', ')}) AS o(id, n) WHERE t.id = o.id`,
        ),
      weight: 2,
    },
    { arbitrary: condition.map((where) => `UPDATE t SET n = (SELECT max(n) FROM t) WHERE ${where}`), weight: 1 },
    { arbitrary: condition.map((where) => `DELETE FROM t WHERE ${where}`), weight: 3 },
    {
      arbitrary: fc
        .array(id, { minLength: 1, maxLength: 4 })
        .map(
          (ids) =>
            `DELETE FROM t USING (VALUES ${ids.map((value) => `(${value})`).join(', ')}) AS o(id) WHERE t.id = o.id`,
        ),
      weight: 1,
    },
    {
      arbitrary: condition.map((where) => `DELETE FROM t WHERE id IN (SELECT id + 1 FROM t WHERE ${where})`),
      weight: 1,
    },
  );
}

/** Any step, for a table with this primary key. */
export function dmlCommand(keys: readonly string[]): fc.Arbitrary<DmlCommand> {
  const statement = dmlStatement(keys);
  const direction = fc.oneof(
    { arbitrary: fc.constant('COLD' as const), weight: 3 },
    { arbitrary: fc.constant('HOT' as const), weight: 1 },
  );
  const broad = fc.oneof({ arbitrary: condition, weight: 2 }, { arbitrary: fc.constant('true'), weight: 1 });
  return fc.oneof(
    { arbitrary: fc.record({ kind: fc.constant('dml' as const), sql: statement }), weight: 14 },
    { arbitrary: fc.record({ kind: fc.constant('tier' as const), direction, where: broad }), weight: 3 },
    {
      arbitrary: fc.record({
        kind: fc.constant('tier-while' as const),
        direction,
        where: broad,
        meanwhile: fc.array(statement, { minLength: 1, maxLength: 4 }),
      }),
      weight: 2,
    },
    { arbitrary: fc.constant({ kind: 'checkpoint' as const }), weight: 2 },
    { arbitrary: fc.constant({ kind: 'reopen' as const }), weight: 1 },
    {
      arbitrary: fc.record({
        kind: fc.constant('add-column' as const),
        type: fc.constantFrom('INTEGER' as const, 'VARCHAR' as const),
      }),
      weight: 1,
    },
    {
      arbitrary: fc.record({
        kind: fc.constant('set-added' as const),
        where: condition,
        value: fc.integer({ min: 0, max: 9 }),
      }),
      weight: 1,
    },
  );
}
