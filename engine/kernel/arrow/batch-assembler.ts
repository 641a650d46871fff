import type { DuckDBDataChunk, DuckDBType } from '@duckdb/node-api';
import { makeData, RecordBatch, Schema, Struct } from 'apache-arrow';
import type { ColumnWriter } from './column-writer.ts';
import { VectorReader } from './vector-reader.ts';
import { arrowField, writerForType } from './writer-for-type.ts';

/** Puts DuckDB's chunks of at most 2,048 rows together into larger Arrow record batches. */
export class BatchAssembler {
  readonly schema: Schema;
  readonly #structType: Struct;
  readonly #writers: readonly ColumnWriter[];
  #rowCount = 0;

  constructor(names: readonly string[], types: readonly DuckDBType[]) {
    this.#writers = types.map(writerForType);
    const fields = types.map((type, index) => arrowField(names[index]!, type, this.#writers[index]!));
    this.schema = new Schema(fields);
    this.#structType = new Struct(fields);
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  get sizeBytes(): number {
    return this.#writers.reduce((sum, writer) => sum + writer.sizeBytes, 0);
  }

  /** Copies a chunk: its native memory is not needed afterwards. */
  append(chunk: DuckDBDataChunk): void {
    const { rowCount } = chunk;
    this.#writers.forEach((writer, index) => {
      writer.append(VectorReader.ofColumn(chunk, index, rowCount), 0, rowCount);
    });
    this.#rowCount += rowCount;
  }

  /** All rows since the last call as one batch; starts anew. */
  take(): RecordBatch {
    const length = this.#rowCount;
    this.#rowCount = 0;
    const children = this.#writers.map((writer) => writer.finish());
    return new RecordBatch(this.schema, makeData({ type: this.#structType, length, nullCount: 0, children }));
  }
}
