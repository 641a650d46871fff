import type { ColdDataFile, ColdDeleteFile } from '../engine/ports/cold-table.ts';
import type { Bound, ColumnStats } from '../engine/table/bound.ts';
import { encodeLower, encodeUpper } from './bounds.ts';
import { Content } from './manifest.ts';
import type { ContentFile } from './manifest.ts';
import { decodeValue } from './single-value.ts';

/** Reserved field ids of a position delete file's columns. */
export const deletePathFieldId = 2147483546;

type Types = ReadonlyMap<number, string>;

export function toDataContent(file: ColdDataFile, path: string, types: Types): ContentFile {
  // A column may have been dropped, and with it its type forgotten, since the file was written: nobody asks for its bounds.
  const known = Array.from(file.stats).filter(([id]) => types.has(id));
  const counts = (name: 'sizeBytes' | 'valueCount' | 'nullCount' | 'nanCount') =>
    new Map(known.flatMap(([id, { [name]: count }]) => (count === undefined ? [] : [[id, count] as const])));
  const bounds = (name: 'lower' | 'upper', encode: (type: string, value: Bound) => Buffer | undefined) =>
    new Map(
      known.flatMap(([id, { [name]: bound }]) => {
        const bytes = bound === undefined ? undefined : encode(types.get(id) ?? '', bound);
        return bytes === undefined ? [] : [[id, bytes] as const];
      }),
    );
  return {
    content: Content.data,
    path,
    recordCount: file.rowCount,
    sizeBytes: file.sizeBytes,
    partition: file.partition,
    columnSizes: counts('sizeBytes'),
    valueCounts: counts('valueCount'),
    nullCounts: counts('nullCount'),
    nanCounts: counts('nanCount'),
    lower: bounds('lower', encodeLower),
    upper: bounds('upper', encodeUpper),
  };
}

export function fromDataContent(file: ContentFile, key: string, types: Types): ColdDataFile {
  const maps = [file.columnSizes, file.valueCounts, file.nullCounts, file.nanCounts, file.lower, file.upper];
  const ids = new Set(maps.flatMap((map) => Array.from(map.keys())));
  const stats = new Map<number, ColumnStats>();
  for (const id of ids) {
    const type = types.get(id);
    const bound = (bytes: Uint8Array | undefined) =>
      bytes === undefined || type === undefined ? undefined : decodeValue(type, bytes);
    stats.set(
      id,
      present({
        lower: bound(file.lower.get(id)),
        upper: bound(file.upper.get(id)),
        nullCount: file.nullCounts.get(id),
        valueCount: file.valueCounts.get(id),
        nanCount: file.nanCounts.get(id),
        sizeBytes: file.columnSizes.get(id),
      }),
    );
  }
  return { key, rowCount: file.recordCount, sizeBytes: file.sizeBytes, stats, partition: file.partition };
}

/** Paths are never cut short: equal bounds tell a reader that the file concerns one data file alone. */
export function toDeleteContent(file: ColdDeleteFile, path: string): ContentFile {
  return {
    content: Content.positionDeletes,
    path,
    recordCount: file.rowCount,
    sizeBytes: file.sizeBytes,
    partition: file.partition,
    columnSizes: new Map(),
    valueCounts: new Map(),
    nullCounts: new Map(),
    nanCounts: new Map(),
    lower: new Map([[deletePathFieldId, Buffer.from(file.minPath, 'utf8')]]),
    upper: new Map([[deletePathFieldId, Buffer.from(file.maxPath, 'utf8')]]),
  };
}

export function fromDeleteContent(file: ContentFile, key: string): ColdDeleteFile {
  const { minPath, maxPath } = deletedPaths(file);
  return {
    key,
    rowCount: file.recordCount,
    sizeBytes: file.sizeBytes,
    partition: file.partition,
    minPath,
    maxPath,
  };
}

/** The range of data files' addresses that a delete file concerns. Ours always have both bounds. */
export function deletedPaths(file: ContentFile): { minPath: string; maxPath: string } {
  const lower = file.lower.get(deletePathFieldId);
  const upper = file.upper.get(deletePathFieldId);
  if (lower === undefined || upper === undefined) throw new Error(`${file.path} has no bounds of its paths`);
  return { minPath: Buffer.from(lower).toString('utf8'), maxPath: Buffer.from(upper).toString('utf8') };
}

type Present<T> = { -readonly [K in keyof T]?: Exclude<T[K], undefined> };

function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Present<T>;
}
