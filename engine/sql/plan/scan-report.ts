import type { DataFile } from '../../table/data-file.ts';
import { liveMemtableRows, type TableVersion } from '../../table/version.ts';

/** What a statement reads of one table. Row counts are of live rows in what is read, before the statement's own filters. */
export interface ScanReport {
  readonly table: string;
  readonly memory: { readonly rows: number };
  readonly hot: TierReport;
  readonly cold: TierReport;
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
  readonly files: readonly DataFile[];
}

export function scanReport({ table: version, files }: TableScan): ScanReport {
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
  return { table: version.name, memory: { rows: liveMemtableRows(version) }, hot: tier('hot'), cold: tier('cold') };
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
  ]);
  return ['Tiers', ...lines].join('\n');
}
