import { join } from 'node:path';
import type { EngineLimits } from '../../engine/limits.ts';
import type { Dataset, SuiteName } from './dataset.ts';
import { tablePlan } from './table-plan.ts';

export const LAYOUT_NAMES = ['hot', 'cold', 'split', 'split-changed', 'small-segments'] as const;
export type LayoutName = (typeof LAYOUT_NAMES)[number];

/** How the rows of a suite come to lie as a layout's name says. */
export interface Layout {
  readonly limits: Partial<EngineLimits>;
  /** Statements for AlopexDB: they make tables, load them and move rows. */
  readonly load: readonly string[];
  /** Statements for AlopexDB and for plain DuckDB: they change rows. */
  readonly changes: readonly string[];
  /** Statements for AlopexDB after the changes. */
  readonly finish: readonly string[];
}

/** Slices in which a table is loaded to get small segments. */
const SLICES = 24;

export function layout(name: LayoutName, suite: SuiteName, dataset: Dataset): Layout {
  const load = dataset.tables.flatMap((table) => {
    const { key, sortBy, partitionBy } = tablePlan(suite, table.name, table.columns);
    const options = [
      ...(sortBy === undefined ? [] : [`sort_by = '${sortBy}'`]),
      ...(partitionBy === undefined ? [] : [`partition_by = '${partitionBy}'`]),
    ];
    const create = `CREATE TABLE ${table.name} (${table.columns.join(', ')}, PRIMARY KEY (${key.join(', ')}))${
      options.length === 0 ? '' : ` WITH (${options.join(', ')})`
    }`;
    const source = join(dataset.folder, `${table.name}.parquet`);
    if (name !== 'small-segments') return [create, `COPY ${table.name} FROM '${source}'`];
    // Every slice has rows of all dates and of all keys: bounds tell them apart in no way.
    const slices = table.rowCount < SLICES * 4 ? 1 : SLICES;
    return [
      create,
      ...Array.from(
        { length: slices },
        (_, slice) =>
          `INSERT INTO ${table.name} SELECT * FROM '${source}' WHERE file_row_number % ${slices} = ${slice}`,
      ),
    ];
  });
  return {
    limits:
      name === 'small-segments' ? { largeRows: 0, mergeSegments: 0, slowSegments: 10_000, stopSegments: 10_000 } : {},
    load: [...load, ...moves(name, suite, dataset)],
    changes: name === 'split-changed' ? changes(suite, dataset) : [],
    finish: ['CHECKPOINT'],
  };
}

function moves(name: LayoutName, suite: SuiteName, dataset: Dataset): string[] {
  if (name === 'hot' || name === 'small-segments') return [];
  return dataset.tables.flatMap((table) => {
    const condition = name === 'cold' ? 'true' : tablePlan(suite, table.name, table.columns).coldBefore;
    return condition === undefined ? [] : [`ALTER TABLE ${table.name} TIER PARTITION WHERE ${condition} TO COLD`];
  });
}

/** 2% of the rows of each large table updated, and 1% deleted, whichever tier they are in. */
function changes(suite: SuiteName, dataset: Dataset): string[] {
  return dataset.tables.flatMap(({ name, columns }) => {
    const { change } = tablePlan(suite, name, columns);
    if (change === undefined) return [];
    return [
      `UPDATE ${name} SET ${change.set} WHERE hash(${change.by}) % 50 = 7`,
      `DELETE FROM ${name} WHERE hash(${change.by}) % 100 = 13`,
    ];
  });
}
