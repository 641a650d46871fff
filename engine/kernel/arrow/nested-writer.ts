import { makeData } from 'apache-arrow';
import type { Data, FixedSizeList, List, Map_, Struct } from 'apache-arrow';
import type { ColumnWriter } from './column-writer.ts';
import { eachRun } from './column-writer.ts';
import { GrowableBytes } from './growable-bytes.ts';
import { ValidityBits } from './validity-bits.ts';
import type { VectorReader } from './vector-reader.ts';

/** Bytes of an entry of a list vector: offset and length in the child, 64 bits each. */
const ENTRY_BYTES = 16;

/** LIST, and MAP, which is a list of structs of key and value. */
export class ListWriter implements ColumnWriter {
  readonly type: List | Map_;
  readonly #child: ColumnWriter;
  readonly #ends = new GrowableBytes();
  readonly #validity = new ValidityBits();
  #childLength = 0;

  constructor(type: List | Map_, child: ColumnWriter) {
    this.type = type;
    this.#child = child;
  }

  get sizeBytes(): number {
    return this.#child.sizeBytes + this.#ends.length;
  }

  append(vector: VectorReader, start: number, count: number): void {
    const data = vector.data(ENTRY_BYTES);
    const entries = new BigUint64Array(data.buffer, data.byteOffset, data.byteLength >> 3);
    const child = vector.listChild();
    const hasNulls = vector.validity !== null;
    this.#validity.append(vector.validity, start, count);
    const ends = this.#extendEnds(count);
    // Lists mostly follow one another in the child, so that one run of elements covers many rows.
    let runStart = 0;
    let runLength = 0;
    for (let i = 0; i < count; i++) {
      const row = start + i;
      if (!hasNulls || vector.isValid(row)) {
        const offset = Number(entries[row * 2]!);
        const length = Number(entries[row * 2 + 1]!);
        if (length > 0) {
          if (runStart + runLength !== offset) {
            if (runLength > 0) this.#child.append(child, runStart, runLength);
            runStart = offset;
            runLength = 0;
          }
          runLength += length;
          this.#childLength += length;
        }
      }
      ends[i] = this.#childLength;
    }
    if (runLength > 0) this.#child.append(child, runStart, runLength);
  }

  appendNulls(count: number): void {
    this.#validity.appendNulls(count);
    this.#extendEnds(count).fill(this.#childLength);
  }

  finish(): Data {
    const length = this.#validity.length;
    const { bitmap, nullCount } = this.#validity.take();
    const ends = this.#ends.take();
    const valueOffsets = new Int32Array(length + 1);
    valueOffsets.set(new Int32Array(ends.buffer, ends.byteOffset, length), 1);
    this.#childLength = 0;
    const child = this.#child.finish();
    return makeData({ type: this.type, length, nullCount, nullBitmap: bitmap, valueOffsets, child } as never);
  }

  #extendEnds(count: number): Int32Array {
    const offset = this.#ends.extend(count * 4);
    return new Int32Array(this.#ends.bytes.buffer, this.#ends.bytes.byteOffset + offset, count);
  }
}

/** ARRAY: a fixed number of elements a row, those of null rows included. */
export class FixedSizeListWriter implements ColumnWriter {
  readonly type: FixedSizeList;
  readonly #child: ColumnWriter;
  readonly #validity = new ValidityBits();

  constructor(type: FixedSizeList, child: ColumnWriter) {
    this.type = type;
    this.#child = child;
  }

  get sizeBytes(): number {
    return this.#child.sizeBytes;
  }

  append(vector: VectorReader, start: number, count: number): void {
    const size = this.type.listSize;
    const child = vector.arrayChild(size);
    this.#validity.append(vector.validity, start, count);
    // Below a null nothing can be relied on, pointers of strings least of all.
    eachRun(
      vector,
      start,
      count,
      (first, rows) => this.#child.append(child, first * size, rows * size),
      (rows) => this.#child.appendNulls(rows * size),
    );
  }

  appendNulls(count: number): void {
    this.#validity.appendNulls(count);
    this.#child.appendNulls(count * this.type.listSize);
  }

  finish(): Data {
    const length = this.#validity.length;
    const { bitmap, nullCount } = this.#validity.take();
    return makeData({ type: this.type, length, nullCount, nullBitmap: bitmap, child: this.#child.finish() });
  }
}

/** STRUCT: one child a field, each with a row for every row. */
export class StructWriter implements ColumnWriter {
  readonly type: Struct;
  readonly #children: readonly ColumnWriter[];
  readonly #validity = new ValidityBits();

  constructor(type: Struct, children: readonly ColumnWriter[]) {
    this.type = type;
    this.#children = children;
  }

  get sizeBytes(): number {
    return this.#children.reduce((sum, child) => sum + child.sizeBytes, 0);
  }

  append(vector: VectorReader, start: number, count: number): void {
    this.#validity.append(vector.validity, start, count);
    this.#children.forEach((writer, index) => {
      const child = vector.structChild(index);
      // Below a null nothing can be relied on, pointers of strings least of all.
      eachRun(
        vector,
        start,
        count,
        (first, rows) => writer.append(child, first, rows),
        (rows) => writer.appendNulls(rows),
      );
    });
  }

  appendNulls(count: number): void {
    this.#validity.appendNulls(count);
    for (const child of this.#children) child.appendNulls(count);
  }

  finish(): Data {
    const length = this.#validity.length;
    const { bitmap, nullCount } = this.#validity.take();
    const children = this.#children.map((child) => child.finish());
    return makeData({ type: this.type, length, nullCount, nullBitmap: bitmap, children });
  }
}
