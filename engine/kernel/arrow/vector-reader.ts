import { DuckDBVector } from '@duckdb/node-api';
import type { DuckDBDataChunk, DuckDBType } from '@duckdb/node-api';
import bindings from '@duckdb/node-bindings';
import type { Vector } from '@duckdb/node-bindings';

/**
 * A column of a DuckDB data chunk, or a child of one. What it hands out are copies in JavaScript's memory, made once and kept.
 * Only long strings stay behind pointers: the reader holds on to its chunk so that these stay valid.
 */
export class VectorReader {
  readonly handle: Vector;
  readonly rowCount: number;
  readonly #chunk: DuckDBDataChunk;
  readonly #children: VectorReader[] = [];
  #data: Uint8Array<ArrayBuffer> | undefined;
  #validity: Uint8Array | null | undefined;
  #values: DuckDBVector | undefined;

  constructor(chunk: DuckDBDataChunk, handle: Vector, rowCount: number) {
    this.#chunk = chunk;
    this.handle = handle;
    this.rowCount = rowCount;
  }

  static ofColumn(chunk: DuckDBDataChunk, columnIndex: number, rowCount: number): VectorReader {
    return new VectorReader(chunk, bindings.data_chunk_get_vector(chunk.chunk, columnIndex), rowCount);
  }

  /** The rows' bytes, aligned to 8, as DuckDB lays them out (little-endian). What stands in rows that are null is undefined. */
  data(bytesPerRow: number): Uint8Array<ArrayBuffer> {
    if (this.#data === undefined) {
      const bytes = bindings.vector_get_data(this.handle, this.rowCount * bytesPerRow);
      this.#data =
        bytes.byteOffset % 8 === 0 && bytes.buffer instanceof ArrayBuffer
          ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
          : Uint8Array.from(bytes);
    }
    return this.#data;
  }

  /** One bit a row, least significant first, 1 for a value; `null` when there are no nulls. */
  get validity(): Uint8Array | null {
    if (this.#validity === undefined) {
      // Whole 64-bit words are there, however few rows there are.
      const words = Math.ceil(this.rowCount / 64);
      this.#validity = words === 0 ? null : bindings.vector_get_validity(this.handle, words * 8);
    }
    return this.#validity;
  }

  isValid(row: number): boolean {
    const validity = this.validity;
    return validity === null || (validity[row >> 3]! & (1 << (row & 7))) !== 0;
  }

  /** `byteCount` bytes at the address that stands at `pointerOffset` in the data. */
  bytesAt(pointerOffset: number, byteCount: number): Uint8Array {
    const data = this.#data;
    if (data === undefined) throw new RangeError('the data that holds the pointers has not been read');
    return bindings.get_data_from_pointer(data.buffer, data.byteOffset + pointerOffset, byteCount);
  }

  /** The rows as the library's own objects, for types that need no speed. */
  values(type: DuckDBType): DuckDBVector {
    return (this.#values ??= DuckDBVector.create(this.handle, this.rowCount, type));
  }

  /** The elements of all lists, one after the other. */
  listChild(): VectorReader {
    return (this.#children[0] ??= new VectorReader(
      this.#chunk,
      bindings.list_vector_get_child(this.handle),
      bindings.list_vector_get_size(this.handle),
    ));
  }

  /** The elements of all arrays, `length` a row. */
  arrayChild(length: number): VectorReader {
    return (this.#children[0] ??= new VectorReader(
      this.#chunk,
      bindings.array_vector_get_child(this.handle),
      this.rowCount * length,
    ));
  }

  structChild(index: number): VectorReader {
    return (this.#children[index] ??= new VectorReader(
      this.#chunk,
      bindings.struct_vector_get_child(this.handle, index),
      this.rowCount,
    ));
  }
}
