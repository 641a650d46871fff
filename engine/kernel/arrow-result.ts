import type { DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import { DuckDBMaterializedResult, ResultReturnType } from '@duckdb/node-api';
import type { RecordBatch, Schema } from 'apache-arrow';
import type { AlopexError } from '../errors.ts';
import type { ArrowStream } from '../ports/kernel.ts';
import { BatchAssembler } from './arrow/batch-assembler.ts';
import { kernelError } from './kernel-error.ts';

/** A batch is handed out once it has this many rows … */
export const DEFAULT_BATCH_ROWS = 16_384;
/** … or this many bytes. */
const MAX_BATCH_BYTES = 32 * 1024 * 1024;

/** The connection, as a result on it sees it. */
export interface ResultOwner {
  /** Runs one call into native code; throws 57014 if the statement has been interrupted. */
  call<T>(step: () => Promise<T>): Promise<T>;
  /** Finds out why the statement failed between two chunks. */
  failure(): Promise<AlopexError>;
  /** Called once, when the result ends: read to its end or not. */
  end(complete: boolean): Promise<void>;
}

/** The rows of one running statement, to be read once. */
export class ArrowResult implements ArrowStream, AsyncIterator<RecordBatch, undefined> {
  readonly schema: Schema;
  readonly #result: DuckDBResult;
  readonly #assembler: BatchAssembler;
  readonly #batchRows: number;
  readonly #owner: ResultOwner;
  #ended = false;
  #nextChunk = 0;

  constructor(result: DuckDBResult, batchRows: number, owner: ResultOwner) {
    this.#result = result;
    this.#assembler = new BatchAssembler(result.columnNames(), result.columnTypes());
    this.#batchRows = batchRows;
    this.#owner = owner;
    this.schema = this.#assembler.schema;
  }

  [Symbol.asyncIterator](): AsyncIterator<RecordBatch, undefined> {
    return this;
  }

  async next(): Promise<IteratorResult<RecordBatch, undefined>> {
    if (this.#ended) return { done: true, value: undefined };
    const assembler = this.#assembler;
    try {
      while (assembler.rowCount < this.#batchRows && assembler.sizeBytes < MAX_BATCH_BYTES) {
        const chunk = await this.#fetch();
        if (chunk === undefined) {
          await this.#end(true);
          break;
        }
        assembler.append(chunk);
      }
    } catch (error) {
      await this.#end(false);
      throw kernelError(error);
    }
    if (assembler.rowCount === 0) return { done: true, value: undefined };
    return { done: false, value: assembler.take() };
  }

  async return(): Promise<IteratorResult<RecordBatch, undefined>> {
    await this.#end(false);
    return { done: true, value: undefined };
  }

  async #fetch(): Promise<DuckDBDataChunk | undefined> {
    // All rows are there already.
    if (this.#result instanceof DuckDBMaterializedResult) {
      return this.#nextChunk < this.#result.chunkCount ? this.#result.getChunk(this.#nextChunk++) : undefined;
    }
    const chunk = await this.#owner.call(() => this.#result.fetchChunk());
    if (chunk !== null && chunk.rowCount > 0) return chunk;
    // The library does not tell the end from a failure: without this question a failed statement would look like one with fewer rows.
    if (this.#result.returnType === ResultReturnType.INVALID) throw await this.#owner.failure();
    return undefined;
  }

  async #end(complete: boolean): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#owner.end(complete);
  }
}
