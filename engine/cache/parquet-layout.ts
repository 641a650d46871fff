import type { KernelConnection, KernelRow } from '../ports/kernel.ts';
import { quoteList } from '../table/data-type.ts';
import { ByteRanges, type ByteRange } from './byte-ranges.ts';

/** Where the columns of a Parquet file are, as its footer says. */
export interface ParquetLayout {
  readonly columns: readonly ColumnLayout[];
}

/** A top-level column with all that is below it. */
export interface ColumnLayout {
  readonly name: string;
  readonly fieldId: number | undefined;
  /** Its chunks of all row groups, dictionaries and bloom filters included. */
  readonly ranges: readonly ByteRange[];
}

/** Columns of a file: all of it, or top-level columns by the names, or the field ids, that they have in it. */
export type ColumnSelection =
  | 'all'
  | { readonly by: 'name'; readonly names: ReadonlySet<string> }
  | { readonly by: 'id'; readonly ids: ReadonlySet<number> };

/** Reads the footers of files, which must be there, by path. */
export async function readLayouts(
  connection: KernelConnection,
  paths: readonly string[],
): Promise<Map<string, ParquetLayout>> {
  const list = quoteList(paths);
  const fields = await connection.rows(`SELECT file_name, name, num_children, field_id FROM parquet_schema(${list})`);
  const chunks = await connection.rows(
    `SELECT file_name, column_id, least(coalesce(nullif(dictionary_page_offset, 0), data_page_offset), data_page_offset) AS first, total_compressed_size AS size, bloom_filter_offset AS bloom, bloom_filter_length AS bloom_size FROM parquet_metadata(${list})`,
  );
  const fieldsOf = byFile(fields);
  const chunksOf = byFile(chunks);
  return new Map(paths.map((path) => [path, layoutOf(fieldsOf.get(path) ?? [], chunksOf.get(path) ?? [])] as const));
}

/** The ranges of a selection; columns that the file does not have are none. */
export function rangesOf({ columns }: ParquetLayout, selection: Exclude<ColumnSelection, 'all'>): readonly ByteRange[] {
  const selected = columns.filter(({ name, fieldId }) =>
    selection.by === 'name' ? selection.names.has(name) : fieldId !== undefined && selection.ids.has(fieldId),
  );
  return selected.flatMap(({ ranges }) => ranges);
}

function byFile(rows: readonly KernelRow[]): Map<string, KernelRow[]> {
  const files = new Map<string, KernelRow[]>();
  for (const row of rows) {
    const name = String(row['file_name']);
    const found = files.get(name);
    if (found === undefined) files.set(name, [row]);
    else found.push(row);
  }
  return files;
}

/** `fields` is the schema tree, each node before its children; its leaves are numbered in that order, as `column_id` has them. */
function layoutOf(fields: readonly KernelRow[], chunks: readonly KernelRow[]): ParquetLayout {
  const ranges = new Map<number, ByteRanges>();
  for (const chunk of chunks) {
    const leaf = Number(chunk['column_id']);
    const found = ranges.get(leaf) ?? new ByteRanges();
    const start = Number(chunk['first']);
    found.add({ start, end: start + Number(chunk['size']) });
    const bloom = Number(chunk['bloom'] ?? 0);
    // A filter that is not there would exclude what it should not. Older writers do not tell its length.
    if (bloom > 0) found.add({ start: bloom, end: bloom + Number(chunk['bloom_size'] ?? Number.MAX_SAFE_INTEGER) });
    ranges.set(leaf, found);
  }
  const columns: ColumnLayout[] = [];
  let [at, leaf] = [1, 0];
  /** Returns the number of leaves of the tree that begins at `at`, and goes past it. */
  const skipTree = (): number => {
    const children = Number(fields[at]?.['num_children'] ?? 0);
    at++;
    if (children === 0) return 1;
    let leaves = 0;
    for (let child = 0; child < children; child++) leaves += skipTree();
    return leaves;
  };
  while (at < fields.length) {
    const field = fields[at];
    const leaves = skipTree();
    const own = Array.from({ length: leaves }, (_, index) => ranges.get(leaf + index)?.ranges ?? []).flat();
    const id = field?.['field_id'];
    columns.push({
      name: String(field?.['name']),
      fieldId: id === null || id === undefined ? undefined : Number(id),
      ranges: own,
    });
    leaf += leaves;
  }
  return { columns };
}

/** Of a footer that is not there yet: so much at the end of a file is likely to hold it. */
export function likelyFooterBytes({ rowCount, leaves }: { rowCount: number; leaves: number }): number {
  const rowGroups = Math.ceil(rowCount / ROWS_PER_GROUP);
  return BASE_BYTES + leaves * (SCHEMA_BYTES + rowGroups * CHUNK_BYTES);
}

const ROWS_PER_GROUP = 122_880;
const BASE_BYTES = 2048;
const SCHEMA_BYTES = 64;
const CHUNK_BYTES = 160;

/** Magic number, and the length of the footer before it. */
export const TAIL_BYTES = 8;

/** Length of the footer and the tail, out of the last bytes of a file; `undefined` for what is no Parquet file. */
export function footerBytes(tail: Uint8Array): number | undefined {
  const end = tail.length;
  const magic = String.fromCharCode(...tail.subarray(end - 4));
  if (end < TAIL_BYTES || magic !== 'PAR1') return undefined;
  const view = new DataView(tail.buffer, tail.byteOffset, end);
  return view.getUint32(end - TAIL_BYTES, true) + TAIL_BYTES;
}
