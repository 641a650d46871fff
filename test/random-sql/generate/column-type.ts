import type { SeededRandom } from '../../../engine/sim/random.ts';

/** Types whose values can stand for each other in an expression. */
export type Family =
  | 'int'
  | 'decimal'
  | 'real'
  | 'text'
  | 'bool'
  | 'date'
  | 'timestamp'
  | 'time'
  | 'instant'
  | 'uuid'
  | 'blob'
  | 'list'
  | 'struct';

export interface ColumnType {
  readonly sql: string;
  readonly family: Family;
  /** A few that come often, so that statements meet the rows of earlier ones. */
  readonly common: readonly string[];
  /** The ends of the type and what is odd about it. */
  readonly edges: readonly string[];
}

const type = (sql: string, family: Family, common: readonly string[], edges: readonly string[]): ColumnType => ({
  sql,
  family,
  common,
  edges,
});

const SMALL = ['0', '1', '2', '3', '5', '7', '-1', '10'];
const COUNTS = ['0', '1', '2', '3', '5', '7', '10'];
const TEXTS = ["'a'", "'b'", "'c'", "'ab'", "'abc'", "''", "'x'", "'Zürich'"];
const DATES = ['2024-01-01', '2024-01-31', '2024-02-29', '2024-03-01', '2023-12-31', '1970-01-01'];
const INSTANTS = ['2024-01-01 00:00:00', '2024-01-31 23:59:59.999999', '2024-02-29 12:30:00', '2023-12-31 06:00:00'];

// No negative zero: which of two equal values a group or a minimum shows is left open by SQL.
const REALS = ['0.0', '1.5', '-2.25', '0.1', '100.0'];
const REAL_EDGES = ["'nan'", "'inf'", "'-inf'", '1e-30', '-1e30'];

/** Types that every expression knows how to use. */
export const COLUMN_TYPES: readonly (readonly [ColumnType, number])[] = [
  [type('INTEGER', 'int', SMALL, ['2147483647', '-2147483648']), 10],
  [type('BIGINT', 'int', SMALL, ['9223372036854775807', '-9223372036854775808', '9007199254740993']), 6],
  [type('SMALLINT', 'int', SMALL, ['32767', '-32768']), 2],
  [type('TINYINT', 'int', SMALL, ['127', '-128']), 2],
  [type('UTINYINT', 'int', COUNTS, ['255']), 1],
  [type('UINTEGER', 'int', COUNTS, ['4294967295']), 1],
  [type('UBIGINT', 'int', COUNTS, ['18446744073709551615', '9223372036854775808']), 1],
  [type('HUGEINT', 'int', SMALL, ['18446744073709551616', '-18446744073709551616']), 1],
  [type('DECIMAL(9, 2)', 'decimal', ['0.00', '1.25', '-1.50', '10.00'], ['9999999.99', '-9999999.99', '0.01']), 3],
  [type('DECIMAL(18, 3)', 'decimal', ['0.000', '1.250', '-3.500'], ['999999999999999.999', '-0.001']), 2],
  [type('DOUBLE', 'real', REALS, REAL_EDGES), 4],
  [type('FLOAT', 'real', REALS, REAL_EDGES), 1],
  [type('VARCHAR', 'text', TEXTS, ["'O''Neil %_\\'", "repeat('x', 300)", "'ä€😀'", 'chr(1) || chr(10)']), 10],
  [type('BOOLEAN', 'bool', ['true', 'false'], ['true']), 4],
  [type('DATE', 'date', literals('DATE', DATES), literals('DATE', ['0001-01-01', '9999-12-31', 'infinity'])), 5],
  [
    type(
      'TIMESTAMP',
      'timestamp',
      literals('TIMESTAMP', INSTANTS),
      literals('TIMESTAMP', ['0001-01-01 00:00:00.000001', '9999-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999']),
    ),
    5,
  ],
  [
    type(
      'TIMESTAMPTZ',
      'instant',
      literals(
        'TIMESTAMPTZ',
        INSTANTS.map((text) => `${text}+00`),
      ),
      literals('TIMESTAMPTZ', ['infinity']),
    ),
    1,
  ],
  [
    type(
      'TIME',
      'time',
      literals('TIME', ['00:00:00', '12:34:56.7']),
      literals('TIME', ['23:59:59.999999', '24:00:00']),
    ),
    1,
  ],
  [
    type(
      'UUID',
      'uuid',
      literals('UUID', ['00000000-0000-0000-0000-000000000001', '7fffffff-ffff-4fff-bfff-ffffffffffff']),
      literals('UUID', ['ffffffff-ffff-ffff-ffff-ffffffffffff', '80000000-0000-0000-0000-000000000000']),
    ),
    1,
  ],
  [type('BLOB', 'blob', ["''::BLOB", "'ab'::BLOB"], ["'\\x00\\xFF'::BLOB", "unhex(repeat('ff', 300))"]), 1],
  [type('INTEGER[]', 'list', ['[]', '[1, NULL, 2]', '[1]'], ['[NULL]', 'range(300)::INTEGER[]']), 1],
  [
    type(
      'STRUCT(a INTEGER, b VARCHAR)',
      'struct',
      ["{'a': 1, 'b': 'x'}", "{'a': 2, 'b': ''}"],
      ["{'a': NULL, 'b': NULL}"],
    ),
    1,
  ],
];

/** Types of keys: those of which there are many values. */
export const KEY_TYPES: readonly (readonly [ColumnType, number])[] = COLUMN_TYPES.filter(([{ family }]) =>
  ['int', 'text', 'date', 'timestamp', 'uuid', 'decimal'].includes(family),
);

/** Of each family a type that can stand for it where none is given. */
const TYPICAL = new Map(COLUMN_TYPES.toReversed().map(([columnType]) => [columnType.family, columnType]));

export function typicalType(family: Family): ColumnType {
  const found = TYPICAL.get(family);
  if (found === undefined) throw new Error(`no type of ${family}`);
  return found;
}

/** A value of the type: mostly one of few, sometimes an edge, as SQL. */
export function literal(random: SeededRandom, columnType: ColumnType): string {
  if (random.chance(0.12)) return random.pick(columnType.edges);
  if (columnType.family === 'int' && random.chance(0.25)) return String(random.below(100));
  // The first of them come most: skew.
  return columnType.common[random.below(1 + random.below(columnType.common.length))] ?? 'NULL';
}

function literals(name: string, texts: readonly string[]): string[] {
  return texts.map((text) => `${name} '${text}'`);
}
