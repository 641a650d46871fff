import { Field, makeData, RecordBatch, Schema, Struct } from 'apache-arrow';
import { importArrow } from '../engine/kernel/arrow-import.ts';
import type { FileSystem } from '../engine/ports/file-system.ts';
import type { KernelConnection } from '../engine/ports/kernel.ts';

/** Field ids that the Iceberg specification gives to the columns of a position delete file. */
const FIELD_IDS: Readonly<Record<string, string>> = { file_path: '2147483546', pos: '2147483545' };

export interface WrittenDeletes {
  readonly rowCount: number;
  readonly minPath: string;
  readonly maxPath: string;
}

/**
 * Writes an Iceberg position delete file from a query of (`file_path`, `pos`), sorted by both; nothing when it has no rows. Both columns must be required, and the kernel writes
 * optional columns only, so this goes by Arrow.
 */
export async function writePositionDeletes(
  connection: KernelConnection,
  fileSystem: FileSystem,
  selectSql: string,
  path: string,
): Promise<WrittenDeletes | undefined> {
  const batches: RecordBatch[] = [];
  let minPath: string | undefined;
  let maxPath = '';
  let rowCount = 0;
  for await (const batch of await connection.stream(selectSql)) {
    if (batch.numRows === 0) continue;
    const paths = batch.getChild('file_path');
    minPath ??= String(paths?.get(0));
    maxPath = String(paths?.get(batch.numRows - 1));
    rowCount += batch.numRows;
    batches.push(withRequiredColumns(batch));
  }
  const [first] = batches;
  if (first === undefined || minPath === undefined) return undefined;
  await importArrow(fileSystem, path, first.schema, batches);
  return { rowCount, minPath, maxPath };
}

function withRequiredColumns(batch: RecordBatch): RecordBatch {
  const fields = batch.schema.fields.map(
    (field) => new Field(field.name, field.type, false, new Map([['PARQUET:field_id', FIELD_IDS[field.name] ?? '']])),
  );
  const data = makeData({
    type: new Struct(fields),
    length: batch.numRows,
    nullCount: 0,
    children: batch.data.children,
  });
  return new RecordBatch(new Schema(fields), data);
}
