import type { DuckDBType } from '@duckdb/node-api';
import { makeData, Utf8 } from 'apache-arrow';
import type { Binary, Data } from 'apache-arrow';
import type { ColumnWriter } from './column-writer.ts';
import { GrowableBytes } from './growable-bytes.ts';
import { StringHeapReader } from './string-heap-reader.ts';
import { ValidityBits } from './validity-bits.ts';
import type { VectorReader } from './vector-reader.ts';

/** Values of varying length: an offset a row, and the bytes of all rows. */
abstract class BytesWriter implements ColumnWriter {
  readonly type: Utf8 | Binary;
  protected readonly bytes = new GrowableBytes();
  readonly #ends = new GrowableBytes();
  readonly #validity = new ValidityBits();

  constructor(type: Utf8 | Binary) {
    this.type = type;
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  append(vector: VectorReader, start: number, count: number): void {
    this.#validity.append(vector.validity, start, count);
    const ends = this.#extendEnds(count);
    this.appendValues(vector, start, count, ends);
  }

  appendNulls(count: number): void {
    this.#validity.appendNulls(count);
    this.#extendEnds(count).fill(this.bytes.length);
  }

  finish(): Data {
    const length = this.#validity.length;
    const { bitmap, nullCount } = this.#validity.take();
    const valueOffsets = new Int32Array(length + 1);
    const ends = this.#ends.take();
    valueOffsets.set(new Int32Array(ends.buffer, ends.byteOffset, length), 1);
    return makeData({
      type: this.type,
      length,
      nullCount,
      nullBitmap: bitmap,
      valueOffsets,
      data: this.bytes.take(),
    } as never);
  }

  /** Appends the bytes of the rows, and writes where each row ends. */
  protected abstract appendValues(vector: VectorReader, start: number, count: number, ends: Int32Array): void;

  #extendEnds(count: number): Int32Array {
    const offset = this.#ends.extend(count * 4);
    return new Int32Array(this.#ends.bytes.buffer, this.#ends.bytes.byteOffset + offset, count);
  }
}

/** VARCHAR and BLOB: bytes that DuckDB has, copied without making JavaScript strings. */
export class StringWriter extends BytesWriter {
  readonly #heap = new StringHeapReader();

  protected override appendValues(vector: VectorReader, start: number, count: number, ends: Int32Array): void {
    this.#heap.read(vector, start, count, this.bytes, ends);
  }
}

const HEX_DIGITS = new TextEncoder().encode('0123456789abcdef');
const HYPHEN = 0x2d;
const UUID_BYTES = 16;
const UUID_TEXT_LENGTH = 36;

/** UUID as text in lower case. DuckDB keeps it as a 128-bit integer whose top bit is flipped, so that its order is that of the text. */
export class UuidWriter extends BytesWriter {
  constructor() {
    super(new Utf8());
  }

  protected override appendValues(vector: VectorReader, start: number, count: number, ends: Int32Array): void {
    const source = vector.data(UUID_BYTES);
    const hasNulls = vector.validity !== null;
    for (let i = 0; i < count; i++) {
      if (!hasNulls || vector.isValid(start + i)) {
        let to = this.bytes.extend(UUID_TEXT_LENGTH);
        const target = this.bytes.bytes;
        const from = (start + i) * UUID_BYTES;
        for (let index = 0; index < UUID_BYTES; index++) {
          const byte = source[from + UUID_BYTES - 1 - index]! ^ (index === 0 ? 0x80 : 0);
          if (index === 4 || index === 6 || index === 8 || index === 10) target[to++] = HYPHEN;
          target[to++] = HEX_DIGITS[byte >> 4]!;
          target[to++] = HEX_DIGITS[byte & 15]!;
        }
      }
      ends[i] = this.bytes.length;
    }
  }
}

const encoder = new TextEncoder();

/** Types without an Arrow counterpart, as text, value by value: slow, and rare. */
export class TextWriter extends BytesWriter {
  readonly #duckDbType: DuckDBType;
  readonly #toText: (value: unknown) => string;

  constructor(duckDbType: DuckDBType, toText: (value: unknown) => string) {
    super(new Utf8());
    this.#duckDbType = duckDbType;
    this.#toText = toText;
  }

  protected override appendValues(vector: VectorReader, start: number, count: number, ends: Int32Array): void {
    const values = vector.values(this.#duckDbType);
    for (let i = 0; i < count; i++) {
      const value: unknown = values.getItem(start + i);
      if (value !== null) this.bytes.append(encoder.encode(this.#toText(value)));
      ends[i] = this.bytes.length;
    }
  }
}
