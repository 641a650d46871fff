import { Bool, DataType, makeData, Null } from 'apache-arrow';
import type { Data, Vector } from 'apache-arrow';
import { AlopexError, SqlState } from '../../errors.ts';
import type { ColumnWriter } from './column-writer.ts';
import { eachRun } from './column-writer.ts';
import { GrowableBytes } from './growable-bytes.ts';
import { ValidityBits } from './validity-bits.ts';
import type { VectorReader } from './vector-reader.ts';

/** A typed array over an Arrow type's values. */
interface ValueArray {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): ArrayBufferView;
}

/** Values of as many bytes in Arrow as in DuckDB, or converted row by row by `widen`. */
export class FixedWidthWriter implements ColumnWriter {
  readonly type: DataType;
  readonly #sourceBytes: number;
  readonly #targetBytes: number;
  readonly #widen: Widen | undefined;
  readonly #dictionary: Vector | undefined;
  readonly #values = new GrowableBytes();
  readonly #validity = new ValidityBits();

  constructor(
    type: DataType,
    sourceBytes: number,
    options: { targetBytes?: number; widen?: Widen; dictionary?: Vector } = {},
  ) {
    this.type = type;
    this.#sourceBytes = sourceBytes;
    this.#targetBytes = options.targetBytes ?? sourceBytes;
    this.#widen = options.widen;
    this.#dictionary = options.dictionary;
  }

  get sizeBytes(): number {
    return this.#values.length;
  }

  append(vector: VectorReader, start: number, count: number): void {
    const source = vector.data(this.#sourceBytes);
    const validity = vector.validity;
    this.#validity.append(validity, start, count);
    if (this.#widen === undefined) {
      const offset = this.#values.length;
      this.#values.append(source.subarray(start * this.#sourceBytes, (start + count) * this.#sourceBytes));
      // What stands in null rows is whatever was in memory before: it must not leave the process.
      if (validity !== null) this.#clearNulls(vector, start, count, offset);
      return;
    }
    const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
    const first = this.#values.extend(count * this.#targetBytes);
    const target = new DataView(this.#values.bytes.buffer, this.#values.bytes.byteOffset);
    for (let i = 0; i < count; i++) {
      if (validity === null || vector.isValid(start + i)) {
        this.#widen(view, (start + i) * this.#sourceBytes, target, first + i * this.#targetBytes);
      }
    }
  }

  appendNulls(count: number): void {
    this.#validity.appendNulls(count);
    this.#values.extend(count * this.#targetBytes);
  }

  finish(): Data {
    const length = this.#validity.length;
    const { bitmap, nullCount } = this.#validity.take();
    const bytes = this.#values.take();
    // Of a dictionary column, the values are the indexes.
    const valueType = DataType.isDictionary(this.type) ? this.type.indices : this.type;
    const Values = valueType.ArrayType as ValueArray;
    const data = new Values(bytes.buffer, bytes.byteOffset, bytes.byteLength / Values.BYTES_PER_ELEMENT);
    const dictionary = this.#dictionary === undefined ? {} : { dictionary: this.#dictionary };
    return makeData({ type: this.type, length, nullCount, nullBitmap: bitmap, data, ...dictionary } as never);
  }

  #clearNulls(vector: VectorReader, start: number, count: number, offset: number): void {
    const width = this.#targetBytes;
    let position = offset;
    eachRun(
      vector,
      start,
      count,
      (_, valid) => {
        position += valid * width;
      },
      (nulls) => {
        this.#values.bytes.fill(0, position, position + nulls * width);
        position += nulls * width;
      },
    );
  }
}

/** Converts one value. */
export type Widen = (source: DataView, sourceOffset: number, target: DataView, targetOffset: number) => void;

/** A sign-extended 128-bit integer from one of 2, 4 or 8 bytes. */
export function widenInteger(sourceBytes: 2 | 4 | 8): Widen {
  return (source, from, target, to) => {
    const value =
      sourceBytes === 8
        ? source.getBigInt64(from, true)
        : BigInt(sourceBytes === 4 ? source.getInt32(from, true) : source.getInt16(from, true));
    target.setBigInt64(to, value, true);
    target.setBigInt64(to + 8, value < 0n ? -1n : 0n, true);
  };
}

/** DuckDB's interval (months, days, microseconds) as Arrow's (months, days, nanoseconds). */
export const widenInterval: Widen = (source, from, target, to) => {
  const nanos = source.getBigInt64(from + 8, true) * 1000n;
  if (BigInt.asIntN(64, nanos) !== nanos) {
    throw new AlopexError(
      SqlState.numericOutOfRange,
      'an interval has more hours than fit into 64 bits of nanoseconds',
      {
        hint: 'Cast it to VARCHAR, or count in days.',
      },
    );
  }
  target.setInt32(to, source.getInt32(from, true), true);
  target.setInt32(to + 4, source.getInt32(from + 4, true), true);
  target.setBigInt64(to + 8, nanos, true);
};

/** Bytes of 0 and 1 as bits. */
export class BooleanWriter implements ColumnWriter {
  readonly type = new Bool();
  readonly #bits = new GrowableBytes();
  readonly #validity = new ValidityBits();

  get sizeBytes(): number {
    return this.#bits.length;
  }

  append(vector: VectorReader, start: number, count: number): void {
    const source = vector.data(1);
    const validity = vector.validity;
    const first = this.#validity.length;
    this.#validity.append(validity, start, count);
    this.#extend();
    const bits = this.#bits.bytes;
    for (let i = 0; i < count; i++) {
      if (source[start + i] !== 0 && (validity === null || vector.isValid(start + i))) {
        bits[(first + i) >> 3]! |= 1 << ((first + i) & 7);
      }
    }
  }

  appendNulls(count: number): void {
    this.#validity.appendNulls(count);
    this.#extend();
  }

  finish(): Data {
    const length = this.#validity.length;
    const { bitmap, nullCount } = this.#validity.take();
    return makeData({ type: this.type, length, nullCount, nullBitmap: bitmap, data: this.#bits.take() });
  }

  #extend(): void {
    this.#bits.extend(((this.#validity.length + 7) >> 3) - this.#bits.length);
  }
}

/** Rows of the type NULL, which has no values. */
export class NullWriter implements ColumnWriter {
  readonly type = new Null();
  readonly sizeBytes = 0;
  #length = 0;

  append(_vector: VectorReader, _start: number, count: number): void {
    this.#length += count;
  }

  appendNulls(count: number): void {
    this.#length += count;
  }

  finish(): Data {
    const length = this.#length;
    this.#length = 0;
    return makeData({ type: this.type, length });
  }
}
