import { openColdTable, tableState } from '../engine/context.ts';
import type { Engine } from '../engine/engine.ts';
import type { ObjectStore } from '../engine/ports/object-store.ts';
import { MAIN_SCHEMA } from '../engine/table/object-name.ts';
import type { TableVersion } from '../engine/table/version.ts';
import { refusesForeignRows } from './foreign-rows.ts';
import { refreshCold } from './refresh-cold.ts';

/** A cold table as other engines are shown it. */
export interface SharedTable {
  readonly tableId: number;
  readonly schemaName: string;
  readonly name: string;
  readonly store: ObjectStore;
  /** The cold table's folder in the store. */
  readonly prefix: string;
  /** Why other engines cannot add rows to it; absent when they can. */
  readonly refusesRows?: string;
}

/** The tables of a database that have a cold tier, for a catalog that shows them to other engines. */
export class SharedTables {
  readonly #engine: Engine;
  readonly #onWarning: (error: unknown) => void;

  /** `onWarning` hears of a refresh that failed when nobody waited for it. */
  constructor(engine: Engine, onWarning: (error: unknown) => void) {
    this.#engine = engine;
    this.#onWarning = onWarning;
  }

  schemas(): readonly string[] {
    const { definitions } = this.#engine.commits.published;
    const names = definitions.all.filter(({ kind }) => kind === 'schema').map(({ name }) => name);
    return [MAIN_SCHEMA, ...names];
  }

  /** A table is among them from its first cold commit on. */
  tables(): readonly SharedTable[] {
    const cold = [...this.#engine.commits.published.tables.values()].filter((table) => table.cold !== undefined);
    return cold.map((table) => this.#shared(table));
  }

  /** Lets added rows be seen. Returns at once while the table's files are being rewritten, and does it after that. */
  async refresh(tableId: number): Promise<void> {
    const isFree = this.#engine.fileWork.isFree(tableId);
    const refreshed = refreshCold(this.#engine, tableId);
    if (isFree) await refreshed;
    else void refreshed.catch(this.#onWarning);
  }

  #shared(version: TableVersion): SharedTable {
    const { context } = this.#engine;
    const state = tableState(context, version);
    const refusesRows = refusesForeignRows(version);
    return {
      tableId: version.tableId,
      schemaName: version.schemaName,
      name: version.name,
      store: openColdTable(context, state).store,
      prefix: state.coldPrefix,
      ...(refusesRows === undefined ? {} : { refusesRows }),
    };
  }
}
