import type { DataFile } from '../table/data-file.ts';
import type { ObjectName } from '../table/object-name.ts';
import type { DatabaseVersion, TableVersion } from '../table/version.ts';
import type { KernelConnection } from './kernel.ts';

/** Moves rows between the tiers; `tiering/` implements it. */
export interface TierMover {
  /**
   * Moves every row of a table for which `condition` (SQL over its columns) is true. Other writers go on meanwhile: rows that they change end up changed, once.
   * Returns the number of rows moved.
   */
  move(request: MoveRequest): Promise<number>;
}

export interface MoveRequest {
  readonly connection: KernelConnection;
  readonly table: ObjectName;
  readonly condition: string;
  readonly direction: 'cold' | 'hot';
  /** Makes the tables that a query names readable on the connection, and says which files it can need of each. */
  prepare(
    version: DatabaseVersion,
    query: string,
  ): Promise<readonly { table: TableVersion; files: readonly DataFile[] }[]>;
}
