import type { EngineContext } from '../context.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { rowidEnd, type TableChangeRequest } from '../table/commit.ts';
import { OVERLAY_FILE_ID } from '../table/data-file.ts';
import { quoteIdentifier, typeSql } from '../table/data-type.ts';
import { dropKernelTable } from '../table/kernel-tables.ts';
import { MAIN_PATH, type ObjectName, type SearchPath } from '../table/object-name.ts';
import { addDeleted, deleteCount } from '../table/staged.ts';
import type { DatabaseVersion, Overlay, TableVersion } from '../table/version.ts';
import { requireTable, withTable, type TableWriter } from '../writer.ts';

/** Tables as a transaction sees and changes them: one snapshot, and its own changes in temporary tables of its connection. */
export class TransactionWriter implements TableWriter {
  readonly context: EngineContext;
  searchPath: SearchPath = MAIN_PATH;
  beforeCommit: (() => Promise<void>) | undefined;
  readonly #connection: KernelConnection;
  readonly #base: DatabaseVersion;
  #latest: DatabaseVersion;
  /** Versions of changed tables before their first change, by table id. */
  readonly #before = new Map<number, TableVersion>();
  /** Tables that have had temporary tables, by table id: also those whose changes were rolled back. */
  readonly #overlaid = new Map<number, { readonly version: TableVersion; readonly overlay: Overlay }>();
  readonly readTables = new Set<number>();
  #operation = 0;

  constructor(context: EngineContext, connection: KernelConnection, base: DatabaseVersion) {
    this.context = context;
    this.#connection = connection;
    this.#base = base;
    this.#latest = base;
  }

  get latest(): DatabaseVersion {
    return this.#latest;
  }

  /** Tables with changes, as they are now and as they were in the snapshot. */
  get changed(): { now: TableVersion; before: TableVersion }[] {
    return [...this.#latest.tables.values()].flatMap((now) => {
      const before = this.#before.get(now.tableId);
      return before === undefined || now.overlay === undefined ? [] : [{ now, before }];
    });
  }

  table(name: ObjectName): TableVersion {
    return requireTable(this.#latest, name, this.searchPath);
  }

  reads(tableIds: readonly number[]): void {
    for (const tableId of tableIds) this.readTables.add(tableId);
  }

  /** Tables whose views may show changes of the transaction, or have. */
  get overlaid(): TableVersion[] {
    return [...this.#overlaid.values()].map(({ version }) => version);
  }

  async commit(connection: KernelConnection, request: TableChangeRequest): Promise<void> {
    const { version, rows, deletes } = request;
    if ((rows?.rowCount ?? 0) + deleteCount(deletes) === 0) return;
    await this.beforeCommit?.();
    const operation = ++this.#operation;
    const overlay = version.overlay ?? (await this.#createOverlay(version));
    let { nextRid } = overlay;
    // The kernel's own transaction: all of the statement or nothing.
    await connection.run('BEGIN');
    try {
      if (rows !== undefined) {
        const columns = version.schema.columns.map((column) => quoteIdentifier(column.name)).join(', ');
        await connection.run(
          `INSERT INTO ${overlay.rows} SELECT ${operation}, rowid + ${nextRid}, ${columns} FROM ${rows.relation}`,
        );
        nextRid += await rowidEnd(connection, rows);
      }
      if (deletes !== undefined) {
        await connection.run(
          `INSERT INTO ${overlay.deletes} SELECT __file, __pos, ${operation} FROM ${deletes.relation}`,
        );
      }
      await connection.run('COMMIT');
    } catch (error) {
      await connection.run('ROLLBACK');
      throw error;
    }
    if (!this.#before.has(version.tableId)) this.#before.set(version.tableId, version);
    this.#latest = withTable(this.#latest, {
      ...version,
      deletedRows: addDeleted(version.deletedRows, deletes?.countByFile ?? new Map()),
      overlay: { ...overlay, nextRid, operation },
    });
  }

  async #createOverlay(version: TableVersion): Promise<Overlay> {
    const rows = `temp.main.__alopex_tx_rows_${version.tableId}`;
    const deletes = `temp.main.__alopex_tx_deletes_${version.tableId}`;
    const columns = version.schema.columns.map((column) => `${quoteIdentifier(column.name)} ${typeSql(column.type)}`);
    const overlay = { rows, deletes, nextRid: 0, operation: 0 };
    this.#overlaid.set(version.tableId, { version, overlay });
    await this.#connection.run(
      `CREATE OR REPLACE TEMP TABLE ${rows} (__op INTEGER, __rid BIGINT, ${columns.join(', ')})`,
    );
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE ${deletes} (__file INTEGER, __pos BIGINT, __op INTEGER)`);
    return overlay;
  }

  /** Number of the last operation, and the versions after it: to go back to. */
  get mark(): TableMark {
    return { operation: this.#operation, latest: this.#latest };
  }

  async rollBackTo({ operation, latest }: TableMark): Promise<void> {
    for (const { now } of this.changed) {
      if (now.overlay === undefined || now.overlay.operation <= operation) continue;
      await this.#connection.run(`DELETE FROM ${now.overlay.rows} WHERE __op > ${operation}`);
      await this.#connection.run(`DELETE FROM ${now.overlay.deletes} WHERE __op > ${operation}`);
    }
    // Versions differ by what is shown of them: those of a later operation must not be taken for these.
    this.#operation++;
    this.#latest = latest;
  }

  /** Removes the temporary tables. */
  async drop(): Promise<void> {
    for (const { overlay } of this.#overlaid.values()) {
      await dropKernelTable(this.#connection, overlay.rows);
      await dropKernelTable(this.#connection, overlay.deletes);
    }
    this.#overlaid.clear();
    this.#latest = this.#base;
  }
}

export interface TableMark {
  readonly operation: number;
  readonly latest: DatabaseVersion;
}

/** Positions of committed rows that a transaction has deleted: a relation (`__file`, `__pos`). */
export function deletedCommitted(overlay: Overlay): string {
  return `(SELECT __file, __pos FROM ${overlay.deletes} WHERE __file <> ${OVERLAY_FILE_ID})`;
}

/** Rows that a transaction has added and not deleted again: `__rid` and the table's columns. */
export function addedRows(version: TableVersion, overlay: Overlay): string {
  const columns = version.schema.columns.map((column) => quoteIdentifier(column.name)).join(', ');
  return `(SELECT __rid, ${columns} FROM ${overlay.rows} WHERE __rid NOT IN (SELECT __pos FROM ${overlay.deletes} WHERE __file = ${OVERLAY_FILE_ID}))`;
}
