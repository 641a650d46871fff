import type { Clock } from '../../engine/ports/clock.ts';
import type { ObjectStore } from '../../engine/ports/object-store.ts';
import type { Random } from '../../engine/ports/random.ts';

/** A table of the database that has a cold tier, as the catalog shows it. */
export interface DatabaseTable {
  readonly tableId: number;
  readonly schemaName: string;
  readonly name: string;
  readonly store: ObjectStore;
  /** The cold table's folder in the store. */
  readonly prefix: string;
  /** Why others cannot add rows to it; absent when they can. */
  readonly refusesRows?: string;
}

/** The database whose tables the catalog shows beside its own. Schemas are namespaces of one level. */
export interface DatabaseTables {
  schemas(): readonly string[];
  tables(): readonly DatabaseTable[];
  /** Makes rows that others have added to a cold table visible to the queries that follow; later, when the table's files are being rewritten just now. */
  refresh(tableId: number): Promise<void>;
}

export interface RestCatalogOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Where new tables, and the catalog's own objects, are. */
  readonly warehouse: ObjectStore;
  /** Other stores in which tables may be. */
  readonly stores?: readonly ObjectStore[];
  readonly database?: DatabaseTables;
  /** Hears of trouble after a commit that has happened: it fails no request. */
  readonly onWarning?: (error: unknown) => void;
}
