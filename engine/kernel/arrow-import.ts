import { Table as ArrowTable, tableToIPC } from 'apache-arrow';
import type { RecordBatch, Schema } from 'apache-arrow';
import { Compression, EnabledStatistics, Table, writeParquet, WriterPropertiesBuilder } from 'parquet-wasm';
import { AlopexError, SqlState } from '../errors.ts';
import type { FileSystem } from '../ports/file-system.ts';

/** Rows of a row group: the kernel reads row groups in parallel, and this is the size of its own. */
const ROW_GROUP_ROWS = 122_880;

/**
 * Writes record batches of one schema into one Parquet file, from which the kernel reads them in bulk: crossing into DuckDB value by
 * value costs ten times as much. The file is for reading at once and not fsynced; its path must be new.
 * All of it is in memory at a time, several times over, and the memory of WebAssembly does not shrink again: hand over some ten
 * megabytes a call. UUIDs come as text and ENUMs as VARCHAR: the caller casts them back.
 * Errors: 0A000 a type that Parquet cannot hold (INTERVAL, …), 42804 batches of another schema, 58030 the path is taken.
 */
export async function importArrow(
  files: FileSystem,
  parquetPath: string,
  schema: Schema,
  batches: readonly RecordBatch[],
): Promise<void> {
  const bytes = toParquet(schema, batches);
  const file = await files.openAppend(parquetPath);
  try {
    if (file.sizeBytes > 0) throw new AlopexError(SqlState.ioError, `${parquetPath} is there already`);
    await file.append(bytes);
  } finally {
    await file.close();
  }
}

function toParquet(schema: Schema, batches: readonly RecordBatch[]): Uint8Array {
  const ipc = tableToIPC(tableOf(schema, batches), 'stream');
  const properties = new WriterPropertiesBuilder()
    .setCompression(Compression.LZ4_RAW)
    // Worth their time only in files that are kept.
    .setDictionaryEnabled(false)
    .setStatisticsEnabled(EnabledStatistics.None)
    .setMaxRowGroupSize(ROW_GROUP_ROWS)
    .build();
  try {
    return writeParquet(Table.fromIPCStream(ipc), properties);
  } catch (error) {
    throw new AlopexError(SqlState.featureNotSupported, `these Arrow columns cannot be imported: ${textOf(error)}`, {
      hint: 'Cast columns of unusual types to text first.',
      cause: error,
    });
  }
}

function tableOf(schema: Schema, batches: readonly RecordBatch[]): ArrowTable {
  try {
    return new ArrowTable(schema, [...batches]);
  } catch (error) {
    throw new AlopexError(SqlState.datatypeMismatch, `the record batches are not of the schema: ${textOf(error)}`, {
      cause: error,
    });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
