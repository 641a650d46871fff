import { AlopexError, SqlState } from '../../errors.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import type { ObjectName } from '../../table/object-name.ts';
import type { Statement } from '../parse/statement.ts';

/** Temporary tables, views, macros, types and sequences of a session. They are the kernel's: statements about them run there as typed, and transactions do not undo those. */
export class Temporaries {
  readonly #connection: KernelConnection;
  /** Of tables and views. */
  #names: ReadonlySet<string> = new Set();
  #hasOthers = false;

  constructor(connection: KernelConnection) {
    this.#connection = connection;
  }

  get isEmpty(): boolean {
    return this.#names.size === 0 && !this.#hasOthers;
  }

  /** Whether there are macros, types or sequences: they change what a text means. */
  get hasOthers(): boolean {
    return this.#hasOthers;
  }

  /** Whether what a statement changes is temporary. Throws `0A000` for one that changes both kinds. */
  isTargetOf(statement: Statement): boolean {
    if (this.#names.size === 0) return false;
    const targets = targetsOf(statement);
    const found = targets.filter((name) => this.hides(name));
    if (found.length === 0 || found.length === targets.length) return found.length > 0;
    throw new AlopexError(
      SqlState.featureNotSupported,
      'temporary tables and others cannot be dropped by one statement',
      {
        hint: 'Drop them one after the other.',
      },
    );
  }

  /** After a statement that may have created, renamed or dropped some. */
  async refresh(): Promise<void> {
    const rows = await this.#connection.rows(
      `SELECT table_name AS name FROM duckdb_tables() WHERE temporary UNION ALL SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal`,
    );
    this.#names = new Set(rows.map((row) => String(row['name']).toLowerCase()));
    const others = await this.#connection.rows(
      `SELECT function_name FROM duckdb_functions() WHERE database_name = 'temp' AND NOT internal UNION ALL ` +
        `SELECT sequence_name FROM duckdb_sequences() WHERE temporary UNION ALL ` +
        `SELECT type_name FROM duckdb_types() WHERE database_name = 'temp' AND NOT internal LIMIT 1`,
    );
    this.#hasOthers = others.length > 0;
  }

  /** Whether a name stands for something temporary. */
  hides({ schemaName, name }: ObjectName): boolean {
    return (schemaName === undefined || schemaName.toLowerCase() === 'temp') && this.#names.has(name.toLowerCase());
  }
}

/** The tables and views that a statement changes. */
function targetsOf(statement: Statement): readonly ObjectName[] {
  const { kind } = statement;
  if (kind === 'alter-table' || kind === 'alter-view') return [statement.name];
  if (kind === 'drop-table' || kind === 'drop-definition') return statement.names;
  const changesRows =
    kind === 'insert' || kind === 'update' || kind === 'delete' || kind === 'merge' || kind === 'copy-from';
  return changesRows ? [statement.table] : [];
}
