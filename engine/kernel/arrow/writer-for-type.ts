import { DuckDBTypeId } from '@duckdb/node-api';
import type { DuckDBDecimalType, DuckDBEnumType, DuckDBType } from '@duckdb/node-api';
import {
  Binary,
  Date_,
  DateUnit,
  Decimal,
  Dictionary,
  Field,
  FixedSizeList,
  Float,
  Int,
  Interval,
  IntervalUnit,
  List,
  makeData,
  makeVector,
  Map_,
  Precision,
  Struct,
  Time,
  Timestamp,
  TimeUnit,
  Utf8,
} from 'apache-arrow';
import { AlopexError, SqlState } from '../../errors.ts';
import { StringWriter, TextWriter, UuidWriter } from './bytes-writer.ts';
import type { ColumnWriter } from './column-writer.ts';
import { BooleanWriter, FixedWidthWriter, NullWriter, widenInteger, widenInterval } from './fixed-width-writer.ts';
import { FixedSizeListWriter, ListWriter, StructWriter } from './nested-writer.ts';

/** Key of a field's metadata under which its SQL type stands, for types that Arrow does not tell apart (`UUID`, `JSON`, …). */
export const SQL_TYPE_KEY = 'sql_type';

/** The Arrow field of a column or child. */
export function arrowField(name: string, type: DuckDBType, writer: ColumnWriter, nullable = true): Field {
  return new Field(name, writer.type, nullable, new Map([[SQL_TYPE_KEY, sqlType(type)]]));
}

const NESTED_TYPES: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.LIST,
  DuckDBTypeId.ARRAY,
  DuckDBTypeId.STRUCT,
  DuckDBTypeId.MAP,
  DuckDBTypeId.UNION,
]);

/** The type as SQL says it; of a nested type or an ENUM its kind alone, for the Arrow type tells the rest. */
function sqlType(type: DuckDBType): string {
  if (type.alias !== undefined) return type.alias;
  if (type.typeId === DuckDBTypeId.ENUM || NESTED_TYPES.has(type.typeId)) return DuckDBTypeId[type.typeId];
  return type.toString();
}

/**
 * The writer that turns vectors of a DuckDB type into Arrow. The mapping is in the README.
 * Types are of the library's general classes (`Int`, not `Int32`), as those are that it reads from IPC: it finds schemas different
 * otherwise, and refuses to put such batches into one table.
 */
export function writerForType(type: DuckDBType): ColumnWriter {
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return new BooleanWriter();
    case DuckDBTypeId.TINYINT:
      return new FixedWidthWriter(new Int(true, 8), 1);
    case DuckDBTypeId.SMALLINT:
      return new FixedWidthWriter(new Int(true, 16), 2);
    case DuckDBTypeId.INTEGER:
      return new FixedWidthWriter(new Int(true, 32), 4);
    case DuckDBTypeId.BIGINT:
      return new FixedWidthWriter(new Int(true, 64), 8);
    case DuckDBTypeId.UTINYINT:
      return new FixedWidthWriter(new Int(false, 8), 1);
    case DuckDBTypeId.USMALLINT:
      return new FixedWidthWriter(new Int(false, 16), 2);
    case DuckDBTypeId.UINTEGER:
      return new FixedWidthWriter(new Int(false, 32), 4);
    case DuckDBTypeId.UBIGINT:
      return new FixedWidthWriter(new Int(false, 64), 8);
    case DuckDBTypeId.HUGEINT:
      return new FixedWidthWriter(new Decimal(0, 38), 16);
    case DuckDBTypeId.FLOAT:
      return new FixedWidthWriter(new Float(Precision.SINGLE), 4);
    case DuckDBTypeId.DOUBLE:
      return new FixedWidthWriter(new Float(Precision.DOUBLE), 8);
    case DuckDBTypeId.DECIMAL:
      return decimalWriter(type);
    case DuckDBTypeId.DATE:
      return new FixedWidthWriter(new Date_(DateUnit.DAY), 4);
    case DuckDBTypeId.TIME:
      return new FixedWidthWriter(new Time(TimeUnit.MICROSECOND, 64), 8);
    case DuckDBTypeId.TIME_NS:
      return new FixedWidthWriter(new Time(TimeUnit.NANOSECOND, 64), 8);
    case DuckDBTypeId.TIMESTAMP:
      return new FixedWidthWriter(new Timestamp(TimeUnit.MICROSECOND, null), 8);
    case DuckDBTypeId.TIMESTAMP_S:
      return new FixedWidthWriter(new Timestamp(TimeUnit.SECOND, null), 8);
    case DuckDBTypeId.TIMESTAMP_MS:
      return new FixedWidthWriter(new Timestamp(TimeUnit.MILLISECOND, null), 8);
    case DuckDBTypeId.TIMESTAMP_NS:
      return new FixedWidthWriter(new Timestamp(TimeUnit.NANOSECOND, null), 8);
    case DuckDBTypeId.TIMESTAMP_TZ:
      return new FixedWidthWriter(new Timestamp(TimeUnit.MICROSECOND, 'UTC'), 8);
    case DuckDBTypeId.INTERVAL:
      return new FixedWidthWriter(new Interval(IntervalUnit.MONTH_DAY_NANO), 16, {
        targetBytes: 16,
        widen: widenInterval,
      });
    case DuckDBTypeId.VARCHAR:
      return new StringWriter(new Utf8());
    case DuckDBTypeId.BLOB:
    case DuckDBTypeId.GEOMETRY:
      return new StringWriter(new Binary());
    case DuckDBTypeId.UUID:
      return new UuidWriter();
    case DuckDBTypeId.ENUM:
      return enumWriter(type);
    case DuckDBTypeId.LIST: {
      const child = writerForType(type.valueType);
      return new ListWriter(new List(arrowField('item', type.valueType, child)), child);
    }
    case DuckDBTypeId.ARRAY: {
      const child = writerForType(type.valueType);
      return new FixedSizeListWriter(new FixedSizeList(type.length, arrowField('item', type.valueType, child)), child);
    }
    case DuckDBTypeId.STRUCT: {
      const children = type.entryTypes.map(writerForType);
      const fields = children.map((child, index) =>
        arrowField(type.entryNames[index]!, type.entryTypes[index]!, child),
      );
      return new StructWriter(new Struct(fields), children);
    }
    case DuckDBTypeId.MAP: {
      const children = [writerForType(type.keyType), writerForType(type.valueType)] as const;
      const entries = new Struct([
        arrowField('key', type.keyType, children[0], false),
        arrowField('value', type.valueType, children[1]),
      ]);
      return new ListWriter(
        new Map_(new Field('entries', entries, false) as never),
        new StructWriter(entries, children),
      );
    }
    case DuckDBTypeId.SQLNULL:
      return new NullWriter();
    case DuckDBTypeId.UHUGEINT:
    case DuckDBTypeId.BIGNUM:
    case DuckDBTypeId.BIT:
    case DuckDBTypeId.TIME_TZ:
    case DuckDBTypeId.UNION:
    case DuckDBTypeId.VARIANT:
      return new TextWriter(type, String);
    case DuckDBTypeId.ANY:
    case DuckDBTypeId.STRING_LITERAL:
    case DuckDBTypeId.INTEGER_LITERAL:
      break;
  }
  throw new AlopexError(SqlState.featureNotSupported, `values of type ${type.toString()} cannot be returned`, {
    hint: 'Cast them to VARCHAR.',
  });
}

const DECIMAL_BYTES = 16;

function decimalWriter(type: DuckDBDecimalType): ColumnWriter {
  const arrowType = new Decimal(type.scale, type.width);
  // DuckDB takes as few bytes as the precision allows.
  if (type.width > 18) return new FixedWidthWriter(arrowType, DECIMAL_BYTES);
  const sourceBytes = type.width <= 4 ? 2 : type.width <= 9 ? 4 : 8;
  return new FixedWidthWriter(arrowType, sourceBytes, { targetBytes: DECIMAL_BYTES, widen: widenInteger(sourceBytes) });
}

function enumWriter(type: DuckDBEnumType): ColumnWriter {
  const encoder = new TextEncoder();
  const encoded = type.values.map((value) => encoder.encode(value));
  const valueOffsets = new Int32Array(encoded.length + 1);
  encoded.forEach((bytes, index) => {
    valueOffsets[index + 1] = valueOffsets[index]! + bytes.length;
  });
  const data = new Uint8Array(valueOffsets[encoded.length]!);
  encoded.forEach((bytes, index) => data.set(bytes, valueOffsets[index]));
  const dictionary = makeVector(
    makeData({ type: new Utf8(), length: encoded.length, nullCount: 0, valueOffsets, data }),
  );
  const [indices, sourceBytes] =
    type.internalTypeId === DuckDBTypeId.UTINYINT
      ? ([new Int(false, 8), 1] as const)
      : type.internalTypeId === DuckDBTypeId.USMALLINT
        ? ([new Int(false, 16), 2] as const)
        : ([new Int(false, 32), 4] as const);
  // The indices of a dictionary may be of any integer type in Arrow; the library's type alone says otherwise.
  return new FixedWidthWriter(new Dictionary(new Utf8(), indices as never), sourceBytes, { dictionary });
}
