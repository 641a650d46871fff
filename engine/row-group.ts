import type { Row } from './table/pending-rows.ts';
import type { RowEncoder } from './table/row-encoder.ts';
import type { RowKey } from './table/row-key.ts';
import type { TableSchema } from './table/schema.ts';

/** More are a commit of their own: the next group begins. */
const MAX_ROWS = 1_024;

/** The rows of one statement, and their primary keys: none for a table without one. */
export interface GroupedInsert {
  readonly rows: readonly Row[];
  readonly keys: readonly RowKey[];
}

/** Statements that add rows to one table and are waiting for their turn to commit: they are one commit, so that each costs its rows alone. */
export class RowGroup {
  readonly tableKey: string;
  readonly schema: TableSchema;
  readonly encoder: RowEncoder;
  readonly #inserts: GroupedInsert[] = [];
  /** Statements that have to go the long way. */
  #leftOut: ReadonlySet<GroupedInsert> | undefined;
  #rowCount = 0;

  constructor(tableKey: string, schema: TableSchema, encoder: RowEncoder) {
    this.tableKey = tableKey;
    this.schema = schema;
    this.encoder = encoder;
  }

  get inserts(): readonly GroupedInsert[] {
    return this.#inserts;
  }

  /** Whether rows of this schema can come in. */
  takes(schema: TableSchema, rows: readonly Row[]): boolean {
    return schema === this.schema && (this.#rowCount === 0 || this.#rowCount + rows.length <= MAX_ROWS);
  }

  add(insert: GroupedInsert): void {
    this.#inserts.push(insert);
    this.#rowCount += insert.rows.length;
  }

  /** Those who wait for the group find out what became of them. */
  settle(leftOut: ReadonlySet<GroupedInsert>): void {
    this.#leftOut = leftOut;
  }

  wasCommitted(insert: GroupedInsert): boolean {
    return this.#leftOut?.has(insert) === false;
  }
}
