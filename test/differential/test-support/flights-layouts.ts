import type { EngineLimits } from '../../../engine/limits.ts';
import type { Placement } from './alopex-side.ts';

/** One way in which the same rows can lie in memory, hot segments and cold files. */
export interface Layout {
  readonly name: string;
  readonly limits?: Partial<EngineLimits>;
  /** Statements for AlopexDB alone, after the load: they move rows, and change none. */
  readonly moves: readonly string[];
  /** Statements for both databases, after the moves. */
  readonly changes: readonly string[];
  /** Whether the database is closed and opened again before it is asked. */
  readonly reopens: boolean;
  /** What `alopex.tables` must say. */
  readonly isAsNamed: (placement: Placement) => boolean;
  /** Whether each month before July is in cold files of its own. */
  readonly hasColdMonths: boolean;
}

const UNLIMITED: Partial<EngineLimits> = { memtableBytes: Number.MAX_SAFE_INTEGER, largeRows: Number.MAX_SAFE_INTEGER };

function toCold(condition: string): string {
  return `ALTER TABLE flights TIER PARTITION WHERE ${condition} TO COLD`;
}

const isSplit = ({ memoryRows, hotRows, coldRows, hotFiles, coldFiles }: Placement): boolean =>
  memoryRows === 0 && hotRows > 10_000 && coldRows > 10_000 && hotFiles > 0 && coldFiles > 1;

/** Small statements and large ones, on both sides of the cutoff and across it. */
const CHANGES = [
  'UPDATE flights SET delay = delay + 1000 WHERE id % 1009 = 5',
  'DELETE FROM flights WHERE id % 997 = 3',
  "UPDATE flights SET distance = distance + 1, destination = lower(destination) WHERE date BETWEEN '2001-03-28' AND '2001-04-16' AND origin = 'ORD'",
  // More rows than a statement may send through the log by default.
  'UPDATE flights SET delay = delay - 1 WHERE id % 3 = 1',
  "DELETE FROM flights WHERE date >= TIMESTAMP '2001-02-27' AND date < TIMESTAMP '2001-03-01 06:00:00'",
  "INSERT INTO flights SELECT 1000000 + i, TIMESTAMP '2001-01-01' + INTERVAL (i * 37) MINUTE, i % 200 - 20, i % 3000, 'AAA', 'ZZZ' FROM range(5000) r(i)",
  "INSERT INTO flights VALUES (2000000, TIMESTAMP '2001-02-10 10:10:10', NULL, NULL, NULL, 'SEA'), (2000001, NULL, 5, 5, 'SEA', NULL)",
  "INSERT OR REPLACE INTO flights VALUES (17, TIMESTAMP '2001-06-15 12:00:00', 999, 1, 'NEW', 'YRK'), (12345, TIMESTAMP '2001-02-10 01:02:03', -7, 77, 'SEA', 'LAX'), (299990, NULL, 0, 0, '', '')",
  "INSERT INTO flights SELECT id, date, 1, 2, origin, destination FROM flights WHERE id BETWEEN 1990 AND 2020 UNION ALL SELECT 3000000 + i, '2001-05-05', i, i, 'CON', 'FLT' FROM range(20) r(i) ON CONFLICT (id) DO UPDATE SET delay = flights.delay + excluded.delay, distance = excluded.distance",
  'INSERT OR IGNORE INTO flights SELECT id - 7, date, 0, 0, origin, destination FROM flights WHERE id % 4001 = 10',
  // Rows that the conditions of the moves would put on the other side now.
  "UPDATE flights SET date = date + INTERVAL 3 MONTH WHERE id % 2003 = 9 AND date < TIMESTAMP '2001-03-15'",
  "UPDATE flights SET date = date - INTERVAL 3 MONTH WHERE id % 2003 = 11 AND date > TIMESTAMP '2001-04-15'",
  'UPDATE flights SET id = id + 5000000 WHERE id % 1511 = 77',
  'DELETE FROM flights USING airports WHERE airports.code = flights.origin AND airports.patience > flights.distance',
  'UPDATE flights SET delay = 0 WHERE id = 150000',
];

export const LAYOUTS: readonly Layout[] = [
  {
    name: 'memtable only',
    limits: UNLIMITED,
    moves: [],
    changes: [],
    reopens: false,
    isAsNamed: ({ rows, memoryRows, hotFiles, coldFiles }) => memoryRows === rows && hotFiles + coldFiles === 0,
    hasColdMonths: false,
  },
  {
    name: 'hot only',
    moves: [],
    changes: [],
    reopens: false,
    isAsNamed: ({ rows, hotRows, hotFiles, coldFiles }) => hotRows === rows && hotFiles > 0 && coldFiles === 0,
    hasColdMonths: false,
  },
  {
    name: 'cold only',
    moves: [toCold('true')],
    changes: [],
    reopens: true,
    isAsNamed: ({ rows, coldRows, hotFiles, coldFiles }) => coldRows === rows && hotFiles === 0 && coldFiles >= 6,
    hasColdMonths: true,
  },
  {
    name: 'split at a month',
    moves: [toCold("date < TIMESTAMP '2001-05-01'")],
    changes: [],
    reopens: false,
    isAsNamed: isSplit,
    hasColdMonths: true,
  },
  {
    name: 'split in the middle of a month, in two moves',
    moves: [toCold("date < TIMESTAMP '2001-02-03 04:05:06'"), toCold("date < TIMESTAMP '2001-04-17 11:30:00'")],
    changes: [],
    reopens: false,
    isAsNamed: isSplit,
    hasColdMonths: true,
  },
  {
    name: 'split by other columns, with rows moved back',
    moves: [
      toCold('distance >= 700 OR id BETWEEN 50000 AND 90000'),
      'ALTER TABLE flights TIER PARTITION WHERE id BETWEEN 80000 AND 120000 TO HOT',
    ],
    changes: [],
    reopens: false,
    isAsNamed: isSplit,
    hasColdMonths: true,
  },
  {
    name: 'split, with updates, deletes, upserts and inserts on both sides',
    moves: [toCold("date < TIMESTAMP '2001-04-10 06:00:00'")],
    changes: CHANGES,
    reopens: true,
    isAsNamed: ({ memoryRows, hotRows, coldRows, hotFiles, coldFiles }) =>
      memoryRows > 0 && hotRows > 10_000 && coldRows > 10_000 && hotFiles > 1 && coldFiles > 1,
    hasColdMonths: true,
  },
];
