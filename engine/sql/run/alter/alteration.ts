import type { TableVersion } from '../../../table/version.ts';
import type { Writer } from '../../../writer.ts';
import type { Session } from '../session.ts';
import type { ExistingRows } from './existing-rows.ts';

/** A table that is being altered, under the write lock. */
export interface Alteration {
  readonly writer: Writer;
  readonly session: Session;
  readonly table: TableVersion;
  /** Makes the rows of the table readable. */
  readonly rows: () => Promise<ExistingRows>;
}
