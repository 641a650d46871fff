import type { Database } from '../../engine/sql/sqllogic/database.ts';

/** A database that scripts run on, as the one who opens and closes it sees it. */
export interface TestDatabase extends Database {
  /** Stops all running statements. */
  interrupt(): void;
  close(): Promise<void>;
}
