import { crc32 } from 'node:zlib';
import { AlopexError, SqlState } from '../errors.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { columnStats, type CopyStatistics } from './column-stats.ts';
import type { ColumnStats } from './bound.ts';
import { quoteIdentifier, quoteLiteral } from './data-type.ts';
import type { Column } from './schema.ts';
import { toStorageSql } from './storage-sql.ts';
import { fieldIdsSql } from './stored-fields.ts';

export interface WrittenParquet {
  readonly rowCount: number;
  readonly sizeBytes: number;
  readonly crc32: number;
  readonly stats: ReadonlyMap<number, ColumnStats>;
}

/** How a file is compressed: hot files for scan speed, cold files so that every reader knows the codec and few bytes travel. */
export type Compression = 'lz4_raw' | 'snappy' | 'zstd';

/**
 * Lets the kernel write the rows of `selectSql` to a new Parquet file with field ids, in their order, and makes it durable. Rows never pass through
 * JavaScript. A failure leaves no file behind.
 */
export async function writeParquet(
  connection: KernelConnection,
  fileSystem: FileSystem,
  options: { selectSql: string; columns: readonly Column[]; path: string; compression: Compression },
): Promise<WrittenParquet> {
  const { selectSql, columns, path, compression } = options;
  const select = columns.map(storedColumn).join(', ');
  const fieldIds = columns.map(fieldIdsSql).join(', ');
  const copy = `COPY (SELECT ${select} FROM (${selectSql})) TO ${quoteLiteral(path)} (FORMAT parquet, COMPRESSION ${compression}, FIELD_IDS {${fieldIds}}, RETURN_STATS)`;
  try {
    const { rowCount, statistics } = await readCopyResult(connection, copy);
    await fileSystem.syncFile(path);
    await fileSystem.syncFolder(path.slice(0, path.lastIndexOf('/')));
    return { rowCount, ...(await checksumFile(fileSystem, path)), stats: columnStats(columns, statistics) };
  } catch (error) {
    await fileSystem.remove(path);
    throw error;
  }
}

function storedColumn(column: Column): string {
  const name = quoteIdentifier(column.name);
  const stored = toStorageSql(name, column.type);
  return stored === name ? name : `${stored} AS ${name}`;
}

async function readCopyResult(
  connection: KernelConnection,
  copy: string,
): Promise<{ rowCount: number; statistics: CopyStatistics }> {
  const stream = await connection.stream(copy);
  for await (const batch of stream) {
    const row = batch.get(0);
    if (row === null) continue;
    const statistics: Record<string, Record<string, string>> = {};
    for (const [path, figures] of (row['column_statistics'] ?? []) as Iterable<[string, Iterable<[string, string]>]>) {
      statistics[path] = Object.fromEntries(figures);
    }
    return { rowCount: Number(row['count']), statistics };
  }
  throw new AlopexError(SqlState.internalError, 'the kernel returned no statistics for a file that it wrote');
}

/** Size and CRC-32 of a file, read in pieces. */
export async function checksumFile(
  fileSystem: FileSystem,
  path: string,
): Promise<{ sizeBytes: number; crc32: number }> {
  let checksum = 0;
  let sizeBytes = 0;
  for await (const chunk of fileSystem.readChunks(path)) {
    checksum = crc32(chunk, checksum);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, crc32: checksum };
}
