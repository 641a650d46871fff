import { reworded } from '../error-position.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import type { KernelConnection, Parameters } from '../../ports/kernel.ts';
import { quoteIdentifier, typeSql } from '../../table/data-type.ts';
import type { Column } from '../../table/schema.ts';
import type { StagedRows } from '../../table/staged.ts';
import type { TableVersion } from '../../table/version.ts';
import { pieceOf } from './parameters.ts';

const PREFIX = '__stage_';

/**
 * Where the rows of a statement wait until it commits: a temporary table of the kernel with the target's columns, defaults, generated columns and
 * constraints (its primary key excepted, which is checked across tiers), so that the kernel casts and checks in bulk, and its messages are the usual ones.
 */
export class Stage {
  readonly relation: string;
  readonly #connection: KernelConnection;

  private constructor(connection: KernelConnection, table: string) {
    this.#connection = connection;
    this.relation = `temp.main.${quoteIdentifier(PREFIX + table)}`;
  }

  /** Runs `use` with an empty stage for the table, and drops it afterwards. */
  static async with<T>(
    connection: KernelConnection,
    table: Pick<TableVersion, 'name' | 'schema'>,
    use: (stage: Stage) => Promise<T>,
  ): Promise<T> {
    const stage = new Stage(connection, table.name);
    const parts = [...table.schema.columns.map(columnSql), ...table.schema.checks];
    await stage.run(`CREATE OR REPLACE TEMP TABLE ${stage.relation} (${parts.join(', ')})`);
    try {
      return await use(stage);
    } finally {
      await connection.run(`DROP TABLE IF EXISTS ${stage.relation}`);
    }
  }

  /** Runs a statement about the stage; messages name the table instead. Returns the number of changed rows. */
  async run(sql: string, parameters?: Parameters): Promise<number> {
    const piece = pieceOf(sql, parameters);
    try {
      return await this.#connection.run(piece.sql, piece.parameters);
    } catch (error) {
      throw error instanceof AlopexError ? withoutPrefix(error) : error;
    }
  }

  /** The rows of a stage into which `insertedCount` rows were inserted and that was not changed otherwise. */
  asInserted(insertedCount: number): StagedRows {
    return { relation: this.relation, rowCount: insertedCount, rowidEnd: insertedCount };
  }

  /** The rows as they are now. */
  async rows(): Promise<StagedRows> {
    const [counted] = await this.#connection.rows(`SELECT count(*) AS n FROM ${this.relation}`);
    return { relation: this.relation, rowCount: Number(counted?.['n'] ?? 0) };
  }
}

const NOTHING_STORED: ReadonlySet<string> = new Set([
  SqlState.notNullViolation,
  SqlState.checkViolation,
  SqlState.invalidText,
  SqlState.numericOutOfRange,
  SqlState.invalidDatetime,
  SqlState.datetimeOutOfRange,
]);

function withoutPrefix(error: AlopexError): AlopexError {
  const hint =
    error.hint ??
    (NOTHING_STORED.has(error.code) ? 'Correct the row; nothing of the statement was stored.' : undefined);
  const message = reworded(error.message, (head) => head.replaceAll('temp.main.', '').replaceAll(PREFIX, ''));
  return new AlopexError(error.code, message, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

function columnSql(column: Column): string {
  if (column.generatedSql !== undefined) {
    return `${quoteIdentifier(column.name)} ${typeSql(column.type)} GENERATED ALWAYS AS (${column.generatedSql})`;
  }
  const required = column.required ? ' NOT NULL' : '';
  const standard = column.defaultSql === undefined ? '' : ` DEFAULT ${column.defaultSql}`;
  return `${quoteIdentifier(column.name)} ${typeSql(column.type)}${required}${standard}`;
}
