import type { RecordBatch, Schema } from 'apache-arrow';
import type { Parameters } from '../../ports/kernel.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import type { Returning } from '../parse/statement.ts';
import { pieceOf } from './parameters.ts';
import type { Session } from './session.ts';

/** What a statement that changes rows gave. */
export interface ChangedRows {
  readonly rowCount: number;
  /** What RETURNING asked for. */
  readonly returned: ReturnedRows | undefined;
}

/** All in memory: they are read before the commit, for an error in an expression must leave nothing behind. */
export interface ReturnedRows {
  readonly schema: Schema;
  readonly batches: readonly RecordBatch[];
}

/** Evaluates RETURNING over `relation`, which the statement calls `alias`. */
export async function readReturning(
  session: Session,
  returning: Returning,
  relation: string,
  alias: string,
  parameters: Parameters | undefined,
): Promise<ReturnedRows | undefined> {
  if (returning === undefined) return undefined;
  const piece = pieceOf(`SELECT ${returning} FROM ${relation} AS ${quoteIdentifier(alias)}`, parameters);
  const stream = await session.connection.stream(piece.sql, piece.parameters);
  const batches: RecordBatch[] = [];
  for await (const batch of stream) batches.push(batch);
  return { schema: stream.schema, batches };
}
