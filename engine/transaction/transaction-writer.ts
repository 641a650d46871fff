import type { EngineContext } from '../context.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { rowidEnd, type TableChangeRequest } from '../table/commit.ts';
import { quoteIdentifier, typeSql } from '../table/data-type.ts';
import { dropKernelTable } from '../table/kernel-tables.ts';
import { lookUp, MAIN_PATH, objectKey, type ObjectName, type SearchPath } from '../table/object-name.ts';
import { addDeleted, deleteCount, stagedDeletes } from '../table/staged.ts';
import type { DatabaseVersion, Overlay, TableVersion } from '../table/version.ts';
import { requireTable, withTable, type TableWriter } from '../writer.ts';
import { checkReads, checkTableConflicts } from './table-conflicts.ts';

/** Temporary tables with changes of a table. They stay as long as the transaction, which may go back to them. */
interface OverlayTables {
  readonly table: TableVersion;
  readonly overlay: Overlay;
  lastOperation: number;
}

/**
 * Tables as a transaction sees and changes them: one snapshot, what it has defined (`latest` is set then), and its changes of rows in temporary tables of its connection.
 */
export class TransactionWriter implements TableWriter {
  readonly context: EngineContext;
  searchPath: SearchPath = MAIN_PATH;
  beforeCommit: (() => Promise<void>) | undefined;
  readonly #connection: KernelConnection;
  readonly #base: DatabaseVersion;
  latest: DatabaseVersion;
  /** By the name of their rows. */
  readonly #overlays = new Map<string, OverlayTables>();
  readonly readTables = new Set<number>();
  #operation = 0;
  #overlayCount = 0;

  constructor(context: EngineContext, connection: KernelConnection, base: DatabaseVersion) {
    this.context = context;
    this.#connection = connection;
    this.#base = base;
    this.latest = base;
  }

  /** Tables with changes, as they are now and as they were in the snapshot. */
  get changed(): { now: TableVersion & { readonly overlay: Overlay }; before: TableVersion }[] {
    return [...this.latest.tables.values()].flatMap((now) => {
      const { overlay } = now;
      return overlay === undefined ? [] : [{ now: { ...now, overlay }, before: overlay.base }];
    });
  }

  table(name: ObjectName): TableVersion {
    return requireTable(this.latest, name, this.searchPath);
  }

  reads(tableIds: readonly number[]): void {
    for (const tableId of tableIds) this.readTables.add(tableId);
  }

  /** Tables whose views may show changes of the transaction, or have. */
  get overlaid(): TableVersion[] {
    return [...this.#overlays.values()].map(({ table }) => table);
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
    const tables = this.#overlays.get(overlay.rows);
    if (tables !== undefined) tables.lastOperation = operation;
    this.latest = withTable(this.latest, {
      ...version,
      deletedRows: addDeleted(version.deletedRows, deletes?.countByFile ?? new Map()),
      overlay: { ...overlay, nextRid, operation },
    });
  }

  async #copyOverlay(version: TableVersion & { readonly overlay: Overlay }): Promise<Overlay> {
    const { overlay } = version;
    const copy = { ...overlay, ...this.#overlayNames(version) };
    this.#overlays.set(copy.rows, { table: version, overlay: copy, lastOperation: overlay.operation });
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE ${copy.rows} AS FROM ${overlay.rows}`);
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE ${copy.deletes} AS FROM ${overlay.deletes}`);
    return copy;
  }

  #overlayNames({ tableId }: TableVersion): Pick<Overlay, 'rows' | 'deletes'> {
    const suffix = `${tableId}_${++this.#overlayCount}`;
    return { rows: `temp.main.__alopex_tx_rows_${suffix}`, deletes: `temp.main.__alopex_tx_deletes_${suffix}` };
  }

  async #createOverlay(version: TableVersion): Promise<Overlay> {
    const { rows, deletes } = this.#overlayNames(version);
    const columns = version.schema.columns.map((column) => `${quoteIdentifier(column.name)} ${typeSql(column.type)}`);
    const overlay = { rows, deletes, nextRid: 0, operation: 0, base: version };
    this.#overlays.set(rows, { table: version, overlay, lastOperation: 0 });
    await this.#connection.run(
      `CREATE OR REPLACE TEMP TABLE ${rows} (__op INTEGER, __rid BIGINT, ${columns.join(', ')})`,
    );
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE ${deletes} (__file INTEGER, __pos BIGINT, __op INTEGER)`);
    return overlay;
  }

  /** Number of the last operation, and the versions after it: to go back to. */
  get mark(): TableMark {
    return { operation: this.#operation, latest: this.latest };
  }

  async rollBackTo({ operation, latest }: TableMark): Promise<void> {
    for (const tables of this.#overlays.values()) {
      if (tables.lastOperation <= operation) continue;
      await this.#connection.run(`DELETE FROM ${tables.overlay.rows} WHERE __op > ${operation}`);
      await this.#connection.run(`DELETE FROM ${tables.overlay.deletes} WHERE __op > ${operation}`);
      tables.lastOperation = operation;
    }
    // Versions differ by what is shown of them: those of a later operation must not be taken for these.
    this.#operation++;
    this.latest = latest;
  }

  /** Goes on from a newer version than the snapshot. Throws `40001` when it has other rows where the transaction has read or changed some. */
  async moveTo(newest: DatabaseVersion): Promise<void> {
    checkReads(this.readTables, this.#base, newest);
    let moved = newest;
    for (const { now, before } of this.changed) {
      const latest = lookUp(newest.tables, now, MAIN_PATH);
      const isSame = latest?.tableId === now.tableId && latest.seq === before.seq;
      // The check makes its deletes follow their rows, and a savepoint may lead back to the places where they were.
      const overlay = isSame ? now.overlay : await this.#copyOverlay(now);
      await checkTableConflicts(this.context, this.#connection, { before, now: { ...now, overlay }, latest });
      const target = latest ?? before; // Its absence is a conflict.
      const own = await stagedDeletes(this.#connection, overlay.deletes);
      const tables = new Map(moved.tables).set(objectKey(target.schemaName, target.name), {
        ...target,
        deletedRows: addDeleted(target.deletedRows, own.countByFile),
        overlay: { ...overlay, base: target },
      });
      moved = { ...moved, tables };
    }
    this.latest = moved;
  }

  /** Removes the temporary tables. */
  async drop(): Promise<void> {
    for (const { overlay } of this.#overlays.values()) {
      await dropKernelTable(this.#connection, overlay.rows);
      await dropKernelTable(this.#connection, overlay.deletes);
    }
    this.#overlays.clear();
    this.latest = this.#base;
  }
}

export interface TableMark {
  readonly operation: number;
  readonly latest: DatabaseVersion;
}
