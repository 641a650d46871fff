/**
 * What became of a damaged file:
 * - `restored`: what was damaged is known otherwise; nothing is lost;
 * - `lost`: something is lost, and the database goes on without it;
 * - `aside`: nothing names the file, and opening would remove it: it is kept;
 * - `left`: it is as it was, and stays damaged.
 */
export type RepairOutcome = 'restored' | 'lost' | 'aside' | 'left';

export interface RepairItem {
  readonly outcome: RepairOutcome;
  /** Path below the data directory, or the address of a cold object. */
  readonly file: string;
  readonly problem: string;
  /** What was done, and what is lost. */
  readonly action: string;
}
