import { displayName } from '../../table/object-name.ts';
import type { DataFile } from '../../table/data-file.ts';
import { liveMemtableRows, type TableVersion } from '../../table/version.ts';

/** What a statement reads of one table. Row counts are of live rows in what is read, before the statement's own filters. */
export interface ScanReport {
  readonly table: string;
  readonly memory: { readonly rows: number };
  readonly hot: TierReport;
  readonly cold: TierReport;
  /** What made the files fewer. Nothing is read when the answer is known of all files. */
  readonly pruned: readonly Cut[];
}

/** Files that a statement need not read, and how that is known: by the bounds and null counts of columns, by the order of rows that are wanted, by the least or greatest value that is wanted, by the keys of a join, by filters of primary keys, or by row counts alone. */
export interface Cut {
  readonly reason: 'bounds' | 'order' | 'extremes' | 'join' | 'keys' | 'counts';
  readonly files: number;
}

export interface TierReport {
  readonly rows: number;
  readonly filesRead: number;
  readonly filesPruned: number;
  /** Bytes of the files read, and of them on local disk. */
  readonly bytes: number;
}

/** What a statement reads of one table: the version, and the files that pruning left. */
export interface TableScan {
  readonly table: TableVersion;
  /** What to call it, where that is not its name. */
  readonly title?: string;
  readonly files: readonly DataFile[];
  readonly cuts?: readonly Cut[];
}

export function scanReport({ table: version, title, files, cuts = [] }: TableScan): ScanReport {
  const tier = (name: DataFile['tier']): TierReport => {
    const all = version.files.filter((file) => file.tier === name);
    const read = files.filter((file) => file.tier === name);
    return {
      rows: read.reduce((sum, file) => sum + file.rowCount - (version.deletedRows.get(file.fileId) ?? 0), 0),
      filesRead: read.length,
      filesPruned: all.length - read.length,
      bytes: read.reduce((sum, file) => sum + file.sizeBytes, 0),
    };
  };
  const memory = { rows: liveMemtableRows(version) };
  return { table: title ?? displayName(version), memory, hot: tier('hot'), cold: tier('cold'), pruned: cuts };
}

/** The tier section of EXPLAIN. */
export function formatScanReports(reports: readonly ScanReport[]): string {
  if (reports.length === 0) return 'Tiers: no table is read';
  const lines = reports.flatMap((report) => [
    `Table ${report.table}`,
    `  memory  ${report.memory.rows} rows`,
    ...(['hot', 'cold'] as const).map((tier) => {
      const { rows, filesRead, filesPruned, bytes } = report[tier];
      return `  ${tier.padEnd(6)}  ${rows} rows in ${filesRead} files (${filesPruned} pruned), ${bytes} bytes`;
    }),
    ...(report.pruned.length === 0 ? [] : [`  pruned  ${report.pruned.map(formatCut).join(', ')}`]),
  ]);
  return ['Tiers', ...lines].join('\n');
}

const CUT_TEXT: Readonly<Record<Cut['reason'], string>> = {
  bounds: 'by bounds and null counts',
  order: 'by the order of the rows wanted',
  extremes: 'by the least and greatest values',
  join: 'by the keys of a join',
  keys: 'by filters of primary keys',
  counts: 'by row counts',
};

function formatCut({ reason, files }: Cut): string {
  return `${files} ${files === 1 ? 'file' : 'files'} ${CUT_TEXT[reason]}`;
}
