/** A database under test: all that a script needs of it. */
export interface Database {
  /** The connection of a name; the first use of a name makes it. */
  connection(name: string): Promise<Connection>;
  /** A new database at a path, or the one that is there when `readOnly`; in memory, or in a folder of its own, without a path. All connections end. */
  load(path: string | undefined, readOnly: boolean): Promise<void>;
  /** Closes the database and opens it again. All connections end. */
  restart(): Promise<void>;
  /** Ends all connections. */
  reconnect(): Promise<void>;
}

export interface Connection {
  /** Runs the statements of a text and tells what the last one gave. Errors of the statements are outcomes. */
  run(sql: string): Promise<Outcome>;
}

export type Outcome = Rows | Failure;

export interface Rows {
  readonly kind: 'rows';
  readonly columns: readonly ColumnType[];
  /** Values as text, NULL as null. Booleans are `true` and `false`. */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** How values of a column are compared. */
export type ColumnType =
  | { readonly kind: 'boolean' | 'other' }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  /** Integers have scale 0. */
  | { readonly kind: 'decimal'; readonly scale: number };

export interface Failure {
  readonly kind: 'error';
  /** Everything that was said about it. */
  readonly message: string;
  readonly code: string | undefined;
  /** The database cannot run such statements at all, so the error is never the one that a script expects. */
  readonly unsupported: boolean;
}
