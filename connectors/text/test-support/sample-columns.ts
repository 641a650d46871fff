import {
  Binary,
  Bool,
  type Data,
  DateDay,
  Decimal,
  Dictionary,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  Int64,
  Int8,
  IntervalMonthDayNano,
  List,
  Map_,
  Null,
  Struct,
  TimeMicrosecond,
  Timestamp,
  TimestampMicrosecond,
  TimestampSecond,
  TimeUnit,
  Uint64,
  Utf8,
  type Vector,
  makeData,
  makeVector,
  vectorFromArray,
} from 'apache-arrow';

/** One column of a result: a value of each interesting kind and a NULL, with the texts that are right for them. */
export interface SampleColumn {
  readonly typeName: string;
  readonly vector: Vector;
  /** Null for NULL. */
  readonly texts: readonly (string | null)[];
  readonly json: readonly string[];
}

/** The last value is NULL: a bitmap with all bits but the last set. */
function bitmap(length: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(length / 8));
  for (let index = 0; index < length - 1; index++) bytes[index >> 3]! |= 1 << (index % 8);
  return bytes;
}

function withNull<T extends Int32Array | BigInt64Array | Uint32Array>(data: T, length: number) {
  return { length, nullCount: 1, nullBitmap: bitmap(length), data };
}

const INT64_MAX = 2n ** 63n - 1n;

/** Little-endian words of 128 bits in two's complement. */
function decimalWords(values: readonly bigint[]): Uint32Array {
  return Uint32Array.from(
    values.flatMap((value) => [0n, 32n, 64n, 96n].map((shift) => Number((value >> shift) & 0xffff_ffffn))),
  );
}

function timestamps(unit: 'us' | 's', zone: string | null, values: readonly bigint[]): Vector {
  const type = unit === 's' ? new TimestampSecond(zone) : new TimestampMicrosecond(zone);
  return makeVector(makeData({ type, ...withNull(BigInt64Array.from([...values, 0n]), values.length + 1) }) as Data);
}

export const SAMPLE_COLUMNS: Readonly<Record<string, SampleColumn>> = {
  boolean: {
    typeName: 'BOOLEAN',
    vector: vectorFromArray([true, false, null], new Bool()),
    texts: ['true', 'false', null],
    json: ['true', 'false', 'null'],
  },
  tinyint: {
    typeName: 'TINYINT',
    vector: vectorFromArray([-128, 127, null], new Int8()),
    texts: ['-128', '127', null],
    json: ['-128', '127', 'null'],
  },
  bigint: {
    typeName: 'BIGINT',
    vector: vectorFromArray(
      [0n, 9007199254740991n, 9007199254740992n, -9007199254740992n, -INT64_MAX - 1n, null],
      new Int64(),
    ),
    texts: ['0', '9007199254740991', '9007199254740992', '-9007199254740992', '-9223372036854775808', null],
    json: ['0', '9007199254740991', '"9007199254740992"', '"-9007199254740992"', '"-9223372036854775808"', 'null'],
  },
  ubigint: {
    typeName: 'UBIGINT',
    vector: vectorFromArray([18446744073709551615n, 1n, null], new Uint64()),
    texts: ['18446744073709551615', '1', null],
    json: ['"18446744073709551615"', '1', 'null'],
  },
  float: {
    typeName: 'FLOAT',
    vector: vectorFromArray([0.1, 16777216, 1e10, 3.4028234663852886e38, 1.1754943508222875e-38, null], new Float32()),
    texts: ['0.1', '16777216.0', '10000000000.0', '3.4028235e+38', '1.1754944e-38', null],
    json: ['0.1', '16777216', '10000000000', '3.4028235e+38', '1.1754944e-38', 'null'],
  },
  double: {
    typeName: 'DOUBLE',
    vector: vectorFromArray(
      [1, -0, 0.1 + 0.2, 1e15, 1e16, -1.5e-5, 1.25e-4, 5e-324, NaN, Infinity, -Infinity, null],
      new Float64(),
    ),
    texts: [
      '1.0',
      '-0.0',
      '0.30000000000000004',
      '1000000000000000.0',
      '1e+16',
      '-1.5e-05',
      '0.000125',
      '5e-324',
      'NaN',
      'Infinity',
      '-Infinity',
      null,
    ],
    json: [
      '1',
      '-0',
      '0.30000000000000004',
      '1000000000000000',
      '10000000000000000',
      '-0.000015',
      '0.000125',
      '5e-324',
      '"NaN"',
      '"Infinity"',
      '"-Infinity"',
      'null',
    ],
  },
  decimal: {
    typeName: 'DECIMAL(18,3)',
    vector: makeVector(
      makeData({ type: new Decimal(3, 18, 128), ...withNull(decimalWords([1500n, -1n, 0n, 0n]), 4) }) as Data,
    ),
    texts: ['1.500', '-0.001', '0.000', null],
    json: ['"1.500"', '"-0.001"', '"0.000"', 'null'],
  },
  hugeint: {
    typeName: 'DECIMAL(38,0)',
    vector: makeVector(
      makeData({
        type: new Decimal(0, 38, 128),
        ...withNull(decimalWords([2n ** 127n - 1n, -(2n ** 127n), 7n, 0n]), 4),
      }) as Data,
    ),
    texts: ['170141183460469231731687303715884105727', '-170141183460469231731687303715884105728', '7', null],
    json: ['"170141183460469231731687303715884105727"', '"-170141183460469231731687303715884105728"', '"7"', 'null'],
  },
  date: {
    typeName: 'DATE',
    vector: makeVector(
      makeData({
        type: new DateDay(),
        ...withNull(Int32Array.of(0, 11323, -719163, 2932897, 2147483647, -2147483647, 0), 7),
      }) as Data,
    ),
    texts: ['1970-01-01', '2001-01-01', '0001-12-31 (BC)', '10000-01-01', 'infinity', '-infinity', null],
    json: ['"1970-01-01"', '"2001-01-01"', '"0000-12-31"', '"+010000-01-01"', '"infinity"', '"-infinity"', 'null'],
  },
  time: {
    typeName: 'TIME',
    vector: makeVector(
      makeData({
        type: new TimeMicrosecond(),
        ...withNull(BigInt64Array.of(0n, 45_296_000_000n, 45_296_500_000n, 86_400_000_000n, 0n), 5),
      }) as Data,
    ),
    texts: ['00:00:00', '12:34:56', '12:34:56.5', '24:00:00', null],
    json: ['"00:00:00"', '"12:34:56"', '"12:34:56.500000"', '"24:00:00"', 'null'],
  },
  timestamp: {
    typeName: 'TIMESTAMP',
    vector: timestamps('us', null, [
      978_307_200_000_000n,
      978_307_200_123_456n,
      -1n,
      -62_198_755_200_000_000n,
      253_402_300_800_000_000n,
      INT64_MAX - 1n,
      INT64_MAX,
      -INT64_MAX,
    ]),
    texts: [
      '2001-01-01 00:00:00',
      '2001-01-01 00:00:00.123456',
      '1969-12-31 23:59:59.999999',
      '0002-01-01 (BC) 00:00:00',
      '10000-01-01 00:00:00',
      '294247-01-10 04:00:54.775806',
      'infinity',
      '-infinity',
      null,
    ],
    json: [
      '"2001-01-01T00:00:00"',
      '"2001-01-01T00:00:00.123456"',
      '"1969-12-31T23:59:59.999999"',
      '"-000001-01-01T00:00:00"',
      '"+010000-01-01T00:00:00"',
      '"+294247-01-10T04:00:54.775806"',
      '"infinity"',
      '"-infinity"',
      'null',
    ],
  },
  timestamptz: {
    typeName: 'TIMESTAMPTZ',
    vector: timestamps('us', 'UTC', [978_307_200_000_000n, 978_307_200_500_000n]),
    texts: ['2001-01-01 00:00:00+00', '2001-01-01 00:00:00.5+00', null],
    json: ['"2001-01-01T00:00:00Z"', '"2001-01-01T00:00:00.500000Z"', 'null'],
  },
  timestamp_s: {
    typeName: 'TIMESTAMP',
    vector: timestamps('s', null, [978_307_200n, -1n]),
    texts: ['2001-01-01 00:00:00', '1969-12-31 23:59:59', null],
    json: ['"2001-01-01T00:00:00"', '"1969-12-31T23:59:59"', 'null'],
  },
  timestamp_ns: {
    typeName: 'TIMESTAMP',
    vector: makeVector(
      makeData({
        type: new Timestamp(TimeUnit.NANOSECOND),
        ...withNull(BigInt64Array.of(978_307_200_123_456_789n, 1_000n, 0n), 3),
      }) as Data,
    ),
    texts: ['2001-01-01 00:00:00.123456789', '1970-01-01 00:00:00.000001', null],
    json: ['"2001-01-01T00:00:00.123456789"', '"1970-01-01T00:00:00.000001"', 'null'],
  },
  interval: {
    typeName: 'INTERVAL',
    vector: makeVector(
      makeData({
        type: new IntervalMonthDayNano(),
        ...withNull(
          new Int32Array(
            BigInt64Array.of(
              (3n << 32n) | 14n, // 14 months, 3 days
              14_706_700_000_000n,
              (0xffff_ffffn << 32n) | 0xffff_fff2n, // -14 months, -1 day
              -1_000_000_000n,
              0n,
              0n,
              0n,
              0n,
            ).buffer,
          ),
          4,
        ),
      }) as Data,
    ),
    texts: ['1 year 2 months 3 days 04:05:06.7', '-1 year -2 months -1 day -00:00:01', '00:00:00', null],
    json: ['"1 year 2 months 3 days 04:05:06.7"', '"-1 year -2 months -1 day -00:00:01"', '"00:00:00"', 'null'],
  },
  varchar: {
    typeName: 'VARCHAR',
    vector: vectorFromArray(['', 'a "b", c', 'tab\tline\nback\\slash|<b>', 'żółć 漢字 😀', 'NULL', null], new Utf8()),
    texts: ['', 'a "b", c', 'tab\tline\nback\\slash|<b>', 'żółć 漢字 😀', 'NULL', null],
    json: ['""', '"a \\"b\\", c"', '"tab\\tline\\nback\\\\slash|<b>"', '"żółć 漢字 😀"', '"NULL"', 'null'],
  },
  enumeration: {
    typeName: 'VARCHAR',
    vector: vectorFromArray(['sad', 'happy', 'sad', null], new Dictionary(new Utf8(), new Int32())),
    texts: ['sad', 'happy', 'sad', null],
    json: ['"sad"', '"happy"', '"sad"', 'null'],
  },
  blob: {
    typeName: 'BLOB',
    vector: vectorFromArray([new Uint8Array([0, 255]), new Uint8Array(), null], new Binary()),
    texts: ['\\x00ff', '\\x', null],
    json: ['"\\\\x00ff"', '"\\\\x"', 'null'],
  },
  fixed_binary: {
    typeName: 'BLOB',
    vector: vectorFromArray([new Uint8Array([1, 2]), new Uint8Array([171, 205]), null], new FixedSizeBinary(2)),
    texts: ['\\x0102', '\\xabcd', null],
    json: ['"\\\\x0102"', '"\\\\xabcd"', 'null'],
  },
  list: {
    typeName: 'BIGINT[]',
    vector: vectorFromArray([[1n, null, 2n ** 60n], [], null], new List(new Field('item', new Int64(), true))),
    texts: ['[1,null,"1152921504606846976"]', '[]', null],
    json: ['[1,null,"1152921504606846976"]', '[]', 'null'],
  },
  array: {
    typeName: 'INTEGER[2]',
    vector: vectorFromArray([[1, 2], [3, null], null], new FixedSizeList(2, new Field('item', new Int32(), true))),
    texts: ['[1,2]', '[3,null]', null],
    json: ['[1,2]', '[3,null]', 'null'],
  },
  struct: {
    // Keys that look like integers stay where they stand.
    typeName: 'STRUCT(b VARCHAR, "2" INTEGER, "1" BIGINT[])',
    vector: vectorFromArray(
      [{ b: 'x"', 2: 1, 1: [5n] }, { b: null, 2: null, 1: null }, null],
      new Struct([
        new Field('b', new Utf8(), true),
        new Field('2', new Int32(), true),
        new Field('1', new List(new Field('item', new Int64(), true)), true),
      ]),
    ),
    texts: ['{"b":"x\\"","2":1,"1":[5]}', '{"b":null,"2":null,"1":null}', null],
    json: ['{"b":"x\\"","2":1,"1":[5]}', '{"b":null,"2":null,"1":null}', 'null'],
  },
  map: {
    typeName: 'MAP(INTEGER, VARCHAR)',
    vector: vectorFromArray(
      [
        new Map([
          [2, 'b'],
          [1, null],
        ]),
        new Map(),
        null,
      ],
      new Map_(
        new Field(
          'entries',
          new Struct<{ key: Int32; value: Utf8 }>([
            new Field('key', new Int32(), false),
            new Field('value', new Utf8(), true),
          ]),
          false,
        ),
      ),
    ),
    texts: ['{"2":"b","1":null}', '{}', null],
    json: ['{"2":"b","1":null}', '{}', 'null'],
  },
  nothing: {
    typeName: 'NULL',
    vector: vectorFromArray([null, null], new Null()),
    texts: [null, null],
    json: ['null', 'null'],
  },
};
