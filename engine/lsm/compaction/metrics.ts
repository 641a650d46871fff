/** What is counted since the database was opened. */
export interface TableCounters {
  /** Compactions of tables that were finished, VACUUM's included. */
  compactions: number;
  /** Compactions that failed or were given up, as the table was dropped. */
  abandonedCompactions: number;
  inputSegments: number;
  inputBytes: number;
  outputSegments: number;
  outputBytes: number;
  /** Commits that had to wait for compaction, and how long in all. */
  stalls: number;
  stallMs: number;
}

export type TableMetrics = Readonly<TableCounters>;

export function emptyTableCounters(): TableCounters {
  return {
    compactions: 0,
    abandonedCompactions: 0,
    inputSegments: 0,
    inputBytes: 0,
    outputSegments: 0,
    outputBytes: 0,
    stalls: 0,
    stallMs: 0,
  };
}
