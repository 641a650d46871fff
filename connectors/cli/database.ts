import type { KeyValueStore } from '../../engine/kv/access/key-value-store.ts';
import type { Parameters } from '../../engine/ports/kernel.ts';
import type { CatalogHandler } from '../http/catalog-endpoint.ts';
import type { RowsResult } from '../text/rows-result.ts';

/** What one statement gave: rows, or a note of what was done. */
export type StatementResult = RowsResult | CommandResult;

export interface CommandResult {
  readonly kind: 'command';
  /** Such as `INSERT` or `CREATE TABLE`. */
  readonly command: string;
  /** Rows changed, where the statement changes rows. */
  readonly rowCount: number | undefined;
}

/** What statements are run by. Failures are `AlopexError`s. */
export interface StatementRunner {
  /** Runs the statements of a text one by one, each when its result is asked for. */
  statements(sql: string, parameters?: Parameters): AsyncIterable<StatementResult>;
  /** Cancels what runs now; that statement then fails with SQLSTATE 57014. */
  interrupt(): void;
}

/** Keeps transactions, settings and temporary tables from one text to the next. */
export interface CliConnection extends StatementRunner {
  readonly isInTransaction: boolean;
  close(): Promise<void>;
}

/** The part of the database that the command line needs. */
export interface CliDatabase extends StatementRunner {
  /** The Iceberg catalog, apart from HTTP. */
  catalog(options: {
    readonly locations: readonly string[];
    readonly onError: (error: unknown) => void;
  }): CatalogHandler;
  /** Keys and values. */
  readonly kv: KeyValueStore;
  connect(): Promise<CliConnection>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Such as `4GB`. */
  readonly memoryLimit?: string;
  readonly threads?: number;
}

export type OpenDatabase = (dataDir: string, options: DatabaseOptions) => Promise<CliDatabase>;

/** Opens the database of a directory. It is loaded when needed: help and complaints do not wait for the engine. */
export const openDatabase: OpenDatabase = async (dataDir, options) => {
  const { AlopexDB } = await import('../../index.ts');
  return AlopexDB.open(dataDir, options);
};
