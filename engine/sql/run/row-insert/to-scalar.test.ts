import { Table, tableFromIPC, type RecordBatch } from 'apache-arrow';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestKernel, type TestKernel } from '../../../kernel/test-support/open-kernel.ts';
import type { KernelConnection, Parameter, Scalar } from '../../../ports/kernel.ts';
import { quoteLiteral, typeSql } from '../../../table/data-type.ts';
import { RowEncoder } from '../../../table/row-encoder.ts';
import type { PrimitiveName, PrimitiveType } from '../../../table/schema.ts';
import { readLiteral } from './literal.ts';
import { toScalar } from './to-scalar.ts';

let opened: TestKernel;
let connection: KernelConnection;

beforeAll(async () => {
  opened = await openTestKernel();
  connection = await opened.kernel.connect();
  await connection.run(`ATTACH ':memory:' AS store`);
});

afterAll(() => opened.close());

/** What a statement gives: SQL text, or the value of a parameter. */
type Given = { readonly sql: string } | { readonly parameter: Parameter };

const EDGES = [7, 8, 15, 16, 24, 31, 32, 53, 63, 64].flatMap((bits) => {
  const power = 1n << BigInt(bits);
  return [power - 1n, power, power + 1n, -power - 1n, -power, 1n - power];
});

const integer = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 99n, 100n, -100n, ...EDGES),
  fc.bigInt(-(10n ** 20n), 10n ** 20n),
);
const digits = fc.stringMatching(/^\d{1,8}$/);
const decimal = fc
  .tuple(fc.constantFrom('', '-'), fc.oneof(digits, fc.stringMatching(/^\d{9,24}$/)), digits)
  .map(([sign, whole, fraction]) => `${sign}${whole}.${fraction}`);
const double = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    0.5,
    1.5,
    2.5,
    -0.5,
    0.1,
    1.005,
    1e15 + 0.5,
    3.4028235e38,
    3.5e38,
    1e-46,
    NaN,
    Infinity,
    -Infinity,
    2 ** 53,
    2 ** 60,
  ),
  fc.double(),
  fc.double({ min: -1000, max: 1000 }).map((value) => Math.round(value * 1000) / 1000),
);
const two = fc.integer({ min: 0, max: 99 }).map((part) => String(part).padStart(2, '0'));
const moment = fc
  .tuple(
    fc.oneof(fc.integer({ min: 0, max: 9999 }), fc.constantFrom(1, 4, 100, 1900, 1970, 2000, 2024)),
    fc.integer({ min: 0, max: 13 }),
    fc.integer({ min: 0, max: 32 }),
    fc.constantFrom('', ' ', 'T'),
    fc.oneof(
      fc.constantFrom('00:00:00', '23:59:59', '23:59:59.999999', '12:30'),
      fc.tuple(two, two, two).map((parts) => parts.join(':')),
    ),
    fc.constantFrom('', '', '.5', '.123', '.123456', '.1234567'),
    fc.constantFrom('', '', 'Z', '+00', '+02:00'),
  )
  .map(([year, month, day, between, time, fraction, zone]) => {
    const date = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
    return between === '' ? date : `${date}${between}${time}${fraction}${zone}`;
  });
const clock = fc
  .tuple(two, two, two, fc.constantFrom('', '.25', '.000001'))
  .map(([h, m, s, f]) => `${h}:${m}:${s}${f}`);
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.constantFrom('', ' ', "it's", 'true', '1', '-1.5', 'null', '\ud800', 'a\0b', 'Grüße 🦊', 'x'.repeat(300)),
  fc.uuid(),
  fc.uuid().map((id) => id.toUpperCase()),
  moment,
  clock,
  decimal,
);

const parameter: fc.Arbitrary<Parameter> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  integer,
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 300 }),
  double,
  text,
  fc.date({ noInvalidDate: false }),
  fc.uint8Array({ maxLength: 20 }),
  fc.constantFrom<Parameter>({ unscaled: 5n, scale: 0 }, { typeName: 'DATE', text: '2024-01-31' }, [1]),
);

const literal = fc.oneof(
  fc.constantFrom('NULL', 'true', 'FALSE'),
  integer.map(String),
  decimal,
  text.map((value) => quoteLiteral(value)),
  fc
    .tuple(fc.constantFrom('DATE', 'TIME', 'TIMESTAMP'), fc.oneof(moment, clock))
    .map(([word, value]) => `${word} '${value}'`),
);

const given: fc.Arbitrary<Given> = fc.oneof(
  parameter.map((value) => ({ parameter: value })),
  literal.map((sql) => ({ sql })),
);

const NAMES: readonly PrimitiveName[] = [
  'BOOLEAN',
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'FLOAT',
  'DOUBLE',
  'DATE',
  'TIME',
  'TIMESTAMP',
  'TIMESTAMP WITH TIME ZONE',
  'VARCHAR',
  'UUID',
  'BLOB',
];
const TYPES: readonly PrimitiveType[] = [
  ...NAMES.map((name) => ({ kind: 'primitive', name }) as const),
  ...[
    [4, 1],
    [9, 0],
    [18, 3],
    [38, 10],
  ].map(([precision = 0, scale = 0]) => ({ kind: 'primitive', name: 'DECIMAL', precision, scale }) as const),
];

function scalarOf(value: Given, type: PrimitiveType): Scalar | undefined {
  if ('parameter' in value) return toScalar(value.parameter, type);
  const read = readLiteral(value.sql);
  return read === undefined ? undefined : toScalar(read, type);
}

/** Of these a program mostly has its own type, so those are to be among the values. */
const RUNS = 120;
const SEED = 20_261_123;

test.each(TYPES.map((type, index) => [typeSql(type), type, index] as const))(
  'values of %s are what the kernel makes of them',
  async (name, type, index) => {
    const [ours, theirs] = [`store.main.ours_${index}`, `store.main.theirs_${index}`];
    for (const table of [ours, theirs]) await connection.run(`CREATE TABLE ${table} (i BIGINT, v ${name})`);
    const rows: (readonly [bigint, Scalar])[] = [];
    for (const value of fc.sample(given, { numRuns: RUNS, seed: SEED + index })) {
      const scalar = scalarOf(value, type);
      if (scalar === undefined) continue;
      const place = `INSERT INTO ${theirs} VALUES (${rows.length},`;
      // What is taken must be no error.
      if ('parameter' in value) await connection.run(`${place} $1)`, [value.parameter]);
      else await connection.run(`${place} ${value.sql})`);
      rows.push([BigInt(rows.length), scalar]);
    }
    expect(rows.length).toBeGreaterThan(5);
    await connection.append(ours, [{ kind: 'primitive', name: 'BIGINT' }, type], rows);
    // The text too, for equality takes 0.0 and -0.0 for the same.
    const wrong = await connection.rows(
      `SELECT o.i::INTEGER AS i, o.v::VARCHAR AS ours, t.v::VARCHAR AS theirs FROM ${ours} o FULL JOIN ${theirs} t USING (i)
       WHERE o.v IS DISTINCT FROM t.v OR o.v::VARCHAR IS DISTINCT FROM t.v::VARCHAR`,
    );
    expect(wrong).toEqual([]);
    await compareEncodings(ours, type, rows);
  },
);

/** The rows as bytes for the log: made here, and by way of the kernel. */
async function compareEncodings(
  table: string,
  type: PrimitiveType,
  rows: (readonly [bigint, Scalar])[],
): Promise<void> {
  const schema = {
    schemaId: 0,
    columns: [
      { id: 1, name: 'i', type: { kind: 'primitive', name: 'BIGINT' }, required: false },
      { id: 2, name: 'v', type, required: false },
    ],
    primaryKey: [],
    checks: [],
    lastFieldId: 2,
  } as const;
  const memtable = `(SELECT 7::BIGINT AS __seq, i + 100 AS __rid, i, v FROM ${table})`;
  const encoder = await RowEncoder.open(connection, memtable, schema);
  expect(encoder).toBeDefined();
  const cast = type.name === 'UUID' ? 'v::VARCHAR AS v' : 'v';
  const stream = await connection.stream(`SELECT __seq, __rid, i, ${cast} FROM ${memtable} ORDER BY i`);
  const batches: RecordBatch[] = [];
  for await (const batch of stream) batches.push(batch);
  const theirs = new Table(stream.schema, batches);
  // Some at a time, so that batches with and without nulls occur.
  for (const [from, to] of [
    [0, 1],
    [1, 2],
    [2, 11],
    [0, rows.length],
  ] as const) {
    const bytes = encoder?.encode(7, 100 + from, rows.slice(from, to));
    const ours = tableFromIPC(bytes ?? new Uint8Array(0));
    expect(ours.schema.toString()).toBe(theirs.schema.toString());
    expect(ours.schema.fields.map((field) => [...field.metadata])).toEqual(
      theirs.schema.fields.map((field) => [...field.metadata]),
    );
    const part = theirs.slice(from, to);
    expect(ours.numRows).toBe(part.numRows);
    for (const column of ['__seq', '__rid', 'i', 'v']) {
      expect([...(ours.getChild(column) ?? [])]).toEqual([...(part.getChild(column) ?? [])]);
    }
  }
}
