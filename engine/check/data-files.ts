import type { ManifestState, TableState } from '../lsm/state.ts';
import { periodFiles } from '../lsm/table-history.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { deleteFileName, historyFileName, segmentName } from '../table/data-file.ts';
import { quoteLiteral } from '../table/data-type.ts';
import { checksumFile } from '../table/parquet-writer.ts';
import { problemOf } from './finding.ts';

/** A Parquet file of a table, as the manifest names it. */
export interface NamedFile {
  readonly kind: 'segment' | 'delete file' | 'retired segment' | 'history file';
  readonly table: TableState;
  readonly fileId: number;
  /** Path below the data directory. */
  readonly name: string;
  readonly rowCount: number;
  readonly sizeBytes: number;
  readonly crc32: number;
}

/** Hot segments, delete files and files of the history of all tables. */
export function* namedFiles(state: ManifestState): Generator<NamedFile> {
  for (const table of state.tables.values()) {
    for (const { fileId, rowCount, sizeBytes, crc32 } of table.segments) {
      yield { kind: 'segment', table, fileId, name: segmentName(table.tableId, fileId), rowCount, sizeBytes, crc32 };
    }
    for (const { fileId, rowCount, sizeBytes, crc32 } of table.deleteFiles) {
      const name = deleteFileName(table.tableId, fileId);
      yield { kind: 'delete file', table, fileId, name, rowCount, sizeBytes, crc32 };
    }
    const { periods = [], retired = [] } = table.history ?? {};
    for (const { segment } of retired) {
      const { fileId, rowCount, sizeBytes, crc32 } = segment;
      const name = segmentName(table.tableId, fileId);
      yield { kind: 'retired segment', table, fileId, name, rowCount, sizeBytes, crc32 };
    }
    for (const { fileId, rowCount, sizeBytes, crc32 } of periods.flatMap(periodFiles)) {
      const name = historyFileName(table.tableId, fileId);
      yield { kind: 'history file', table, fileId, name, rowCount, sizeBytes, crc32 };
    }
  }
}

/** What is wrong with the content of a file, if anything. Reads it in pieces. */
export async function contentProblem(
  fileSystem: FileSystem,
  path: string,
  expected: { readonly sizeBytes: number; readonly crc32: number | undefined },
): Promise<string | undefined> {
  try {
    const sizeBytes = await fileSystem.size(path);
    if (sizeBytes === undefined) return 'it is missing';
    if (sizeBytes !== expected.sizeBytes) return `it has ${sizeBytes} bytes, not ${expected.sizeBytes}`;
    const found = await checksumFile(fileSystem, path);
    return expected.crc32 === undefined || found.crc32 === expected.crc32 ? undefined : 'its checksum is wrong';
  } catch (error) {
    return `it cannot be read: ${problemOf(error, path)}`;
  }
}

/** What the kernel finds wrong with a Parquet file whose content is as it was written, if anything. */
export async function parquetProblem(
  connection: KernelConnection,
  path: string,
  rowCount: number,
): Promise<string | undefined> {
  try {
    const [row] = await connection.rows(`SELECT num_rows AS n FROM parquet_file_metadata(${quoteLiteral(path)})`);
    const found = Number(row?.['n'] ?? 0);
    return found === rowCount ? undefined : `it has ${found} rows, not ${rowCount}`;
  } catch (error) {
    return `it is no Parquet file: ${problemOf(error, path)}`;
  }
}
