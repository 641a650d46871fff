import { AlopexError, SqlState } from '../../../errors.ts';
import { quoteIdentifier, typeSql } from '../../../table/data-type.ts';
import { makeReadable } from '../../../table/readable.ts';
import { scanSql } from '../../../table/scan.ts';
import type { Column, TableSchema } from '../../../table/schema.ts';
import type { TableVersion } from '../../../table/version.ts';
import type { Writer } from '../../../writer.ts';
import { namedCheck } from '../constraint-names.ts';
import type { Session } from '../session.ts';

/** Asks about the rows of a table in all tiers; the caller holds the write lock. */
export class ExistingRows {
  readonly #session: Session;
  readonly #table: TableVersion;
  readonly #relation: string;

  private constructor(session: Session, table: TableVersion, relation: string) {
    this.#session = session;
    this.#table = table;
    this.#relation = relation;
  }

  static async of(writer: Writer, session: Session, table: TableVersion): Promise<ExistingRows> {
    const readable = await makeReadable(writer.context, table, table.files);
    return new ExistingRows(session, table, `(${scanSql(readable)}) AS ${quoteIdentifier(table.name)}`);
  }

  async #find(select: string): Promise<string | undefined> {
    const [found] = await this.#session.connection.rows(`${select} LIMIT 1`);
    return found === undefined ? undefined : String(found['found']);
  }

  /** Throws `23502`. */
  async refuseNulls({ name }: Column): Promise<void> {
    const found = await this.#find(`SELECT 1 AS found FROM ${this.#relation} WHERE ${quoteIdentifier(name)} IS NULL`);
    if (found === undefined) return;
    throw new AlopexError(
      SqlState.notNullViolation,
      `column "${name}" of table "${this.#table.name}" cannot be NOT NULL: it has nulls`,
      { hint: 'UPDATE those rows first.' },
    );
  }

  /** Throws `23514`. `added` are columns that the rows are about to have, with the expression of what they have in them. */
  async refuseViolations(check: string, added: readonly (readonly [Column, string])[] = []): Promise<void> {
    const { expression, name } = namedCheck(check);
    const more = added.map(
      ([column, sql]) => `, CAST((${sql}) AS ${typeSql(column.type)}) AS ${quoteIdentifier(column.name)}`,
    );
    const rows = `(SELECT *${more.join('')} FROM ${this.#relation})`;
    if ((await this.#find(`SELECT 1 AS found FROM ${rows} WHERE NOT (${expression})`)) === undefined) return;
    throw new AlopexError(
      SqlState.checkViolation,
      `rows of table "${this.#table.name}" do not fulfil the CHECK constraint ${quoteIdentifier(name ?? '')}`,
      { hint: 'Correct those rows first.' },
    );
  }

  /** Throws `23505`. */
  async refuseDuplicates(schema: TableSchema, columnIds: readonly number[]): Promise<void> {
    const names = columnIds.flatMap((id) => schema.columns.find((column) => column.id === id)?.name ?? []);
    const columns = names.map(quoteIdentifier);
    const text = `concat_ws(', ', ${columns.map((column) => `${column}::VARCHAR`).join(', ')})`;
    const given = columns.map((column) => `${column} IS NOT NULL`).join(' AND ');
    const found = await this.#find(
      `SELECT ${text} AS found FROM ${this.#relation} WHERE ${given} GROUP BY ${columns.join(', ')} HAVING count(*) > 1`,
    );
    if (found === undefined) return;
    throw new AlopexError(
      SqlState.uniqueViolation,
      `rows of table "${this.#table.name}" are not unique: (${names.join(', ')})=(${found}) is there more than once`,
      { hint: 'Remove or change the duplicates first.' },
    );
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#find(`SELECT 1 AS found FROM ${this.#relation}`)) === undefined;
  }
}
