import { parseBound } from './bound-text.ts';
import type { ColumnStats } from './bound.ts';
import type { Column } from './schema.ts';
import { leaves } from './stored-fields.ts';

/** One entry of the kernel's `COPY … (RETURN_STATS)`: path of a leaf → name of a figure → its text. */
export type CopyStatistics = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What the kernel measured while it wrote a file, by field id. */
export function columnStats(columns: readonly Column[], statistics: CopyStatistics): Map<number, ColumnStats> {
  const stats = new Map<number, ColumnStats>();
  for (const column of columns) {
    for (const leaf of leaves(column)) {
      const figures = statistics[leaf.path];
      if (figures === undefined) continue;
      const lower = figures['min'] === undefined ? undefined : parseBound(figures['min'], leaf.type);
      const upper = figures['max'] === undefined ? undefined : parseBound(figures['max'], leaf.type);
      const isFloat = leaf.type.name === 'FLOAT' || leaf.type.name === 'DOUBLE';
      const hasNan = figures['has_nan'] === 'true';
      stats.set(leaf.id, {
        ...(lower === undefined ? {} : { lower }),
        ...(upper === undefined ? {} : { upper }),
        ...integer('nullCount', figures['null_count']),
        ...integer('valueCount', figures['num_values']),
        ...integer('sizeBytes', figures['column_size_bytes']),
        // The kernel says whether there is a NaN, not how many: none can be said exactly, some cannot.
        ...(isFloat && !hasNan ? { nanCount: 0 } : {}),
      });
    }
  }
  return stats;
}

function integer(name: 'nullCount' | 'valueCount' | 'sizeBytes', text: string | undefined): Partial<ColumnStats> {
  return text === undefined ? {} : { [name]: Number(text) };
}
