import {
  DataType,
  type Data,
  DateUnit,
  type Float,
  IntervalUnit,
  Precision,
  TimeUnit,
  type Timestamp,
  Vector,
} from 'apache-arrow';
import { type Notation, dateText, intervalText, timeText, timestampText } from './calendar.ts';
import { decimalText, floatText } from './number-text.ts';

/** Units in a second, by Arrow's unit of time. */
const PER_SECOND: Readonly<Record<TimeUnit, bigint>> = {
  [TimeUnit.SECOND]: 1n,
  [TimeUnit.MILLISECOND]: 1_000n,
  [TimeUnit.MICROSECOND]: 1_000_000n,
  [TimeUnit.NANOSECOND]: 1_000_000_000n,
};

/**
 * Reader of one column of a batch whose type is neither nested nor a dictionary, union or null, for the rows that are valid.
 * It reads Arrow's buffers and not its getters, which round times and 64-bit numbers.
 */
export function scalarReader(data: Data, notation: Notation): (row: number) => string {
  const { type, values, stride, valueOffsets: offsets } = data;
  if (DataType.isBool(type)) return (row) => String(boolAt(data, row));
  if (DataType.isInt(type)) return (row) => String(values[row]);
  if (DataType.isFloat(type)) {
    const bits = floatBits(type);
    return (row) => floatText(floatAt(data, row), bits);
  }
  if (DataType.isDecimal(type)) {
    const { scale } = type;
    return (row) => decimalText((values as Uint32Array).subarray(row * stride, (row + 1) * stride), scale);
  }
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) {
    const bytes = bufferOf(values as Uint8Array);
    return (row) => bytes.toString('utf8', Number(offsets[row]), Number(offsets[row + 1]));
  }
  if (DataType.isBinary(type) || DataType.isLargeBinary(type)) {
    const bytes = bufferOf(values as Uint8Array);
    return (row) => `\\x${bytes.toString('hex', Number(offsets[row]), Number(offsets[row + 1]))}`;
  }
  if (DataType.isFixedSizeBinary(type)) {
    const bytes = bufferOf(values as Uint8Array);
    return (row) => `\\x${bytes.toString('hex', row * stride, (row + 1) * stride)}`;
  }
  if (DataType.isUtf8View(type)) {
    const vector = new Vector([data]);
    return (row) => String(vector.get(row));
  }
  if (DataType.isBinaryView(type)) {
    const vector = new Vector([data]);
    return (row) => `\\x${bufferOf(vector.get(row) as Uint8Array).toString('hex')}`;
  }
  return temporalReader(data, notation);
}

function temporalReader({ type, values }: Data, notation: Notation): (row: number) => string {
  if (DataType.isDate(type)) {
    return type.unit === DateUnit.DAY
      ? (row) => dateText((values as Int32Array)[row]!, notation)
      : (row) => dateText(Number((values as BigInt64Array)[row]! / 86_400_000n), notation);
  }
  if (DataType.isTime(type)) {
    const perSecond = PER_SECOND[type.unit];
    return (row) => timeText(BigInt(values[row] as number | bigint), perSecond, notation);
  }
  if (DataType.isTimestamp(type)) {
    const perSecond = PER_SECOND[type.unit];
    const utc = hasTimeZone(type);
    return (row) => timestampText((values as BigInt64Array)[row]!, perSecond, utc, notation);
  }
  if (DataType.isDuration(type)) {
    const toNanoseconds = 1_000_000_000n / PER_SECOND[type.unit];
    return (row) => intervalText(0, 0, (values as BigInt64Array)[row]! * toNanoseconds);
  }
  if (DataType.isInterval(type)) return intervalReader(type.unit, values as Int32Array);
  throw new TypeError(`values of Arrow's type ${String(type.typeId)} are no scalars`);
}

/** True for TIMESTAMP WITH TIME ZONE. */
export function hasTimeZone({ timezone }: Timestamp): boolean {
  return timezone !== null && timezone !== undefined && timezone !== '';
}

export function boolAt({ values, offset }: Data, row: number): boolean {
  const bit = offset + row;
  return ((values as Uint8Array)[bit >> 3]! & (1 << (bit % 8))) !== 0;
}

export function floatBits({ precision }: Float): 16 | 32 | 64 {
  if (precision === Precision.DOUBLE) return 64;
  return precision === Precision.SINGLE ? 32 : 16;
}

/** A float's value; Arrow keeps half floats as their bits, which its getter unpacks. */
export function floatAt(data: Data, row: number): number {
  if (floatBits(data.type as Float) !== 16) return data.values[row] as number;
  return Number(new Vector([data]).get(row));
}

function intervalReader(unit: IntervalUnit, words: Int32Array): (row: number) => string {
  if (unit === IntervalUnit.YEAR_MONTH) return (row) => intervalText(words[row]!, 0, 0n);
  if (unit === IntervalUnit.DAY_TIME) {
    return (row) => intervalText(0, words[row * 2]!, BigInt(words[row * 2 + 1]!) * 1_000_000n);
  }
  return (row) => {
    const at = row * 4;
    const nanoseconds = (BigInt(words[at + 3]!) << 32n) | BigInt(words[at + 2]! >>> 0);
    return intervalText(words[at]!, words[at + 1]!, nanoseconds);
  };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
