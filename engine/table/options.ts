import type { PartitionField } from '../ports/cold-table.ts';

/** What `CREATE TABLE … WITH (…)` and `ALTER TABLE … SET (…)` can say (DESIGN §6), resolved to field ids. */
export interface TableOptions {
  /** Field ids by which segments and cold files are sorted. */
  readonly sortBy: readonly number[];
  readonly partitionBy: readonly PartitionField[];
  /** Address of the cold tier; the database's own warehouse when absent. */
  readonly coldStorage?: string;
  /** Field id of the column by whose age rows are tiered. */
  readonly tierColumn?: number;
  /** Intervals as SQL text, checked by the kernel when they are set. */
  readonly tierAfter?: string;
  readonly tierMinAge?: string;
  readonly expireAfter?: string;
  /** How long versions that are no longer current can be read. */
  readonly historyRetention?: HistoryRetention;
}

export interface HistoryRetention {
  /** As it was given, checked by the kernel. */
  readonly interval: string;
  /** A month counts as 30 days. */
  readonly durationMs: number;
}
