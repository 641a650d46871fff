import type { EngineContext } from '../../context.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import { pastVersion, type PastMoment } from '../../history/past-version.ts';
import type { KernelConnection, Parameters } from '../../ports/kernel.ts';
import { lookUp, type SearchPath } from '../../table/object-name.ts';
import type { DatabaseVersion, TableVersion } from '../../table/version.ts';
import { requireTable } from '../../writer.ts';
import type { PastTable } from '../parse/past-tables.ts';
import { pieceOf } from './parameters.ts';

/** The tables that a statement reads as they were, and the parameters that say when. */
export interface PastReading {
  readonly tables: readonly PastTable[];
  readonly parameters: Parameters | undefined;
}

export const NOTHING_PAST: PastReading = { tables: [], parameters: undefined };

/** Where tables are looked for. */
export interface PastScope {
  readonly context: EngineContext;
  readonly connection: KernelConnection;
  readonly version: DatabaseVersion;
  /** The newest version that is committed. */
  readonly committed: DatabaseVersion;
  readonly path: SearchPath;
}

/** A table as it was, under the name that the rewritten text has for it. It has a number of its own, so that nobody takes it for the table as it is. */
export async function tableAsItWas(
  { context, connection, version, committed, path }: PastScope,
  past: PastTable,
  parameters: Parameters | undefined,
): Promise<TableVersion> {
  const shown = lookUp(version.tables, past.name, path) ?? requireTable(version, past.name, path);
  // What a transaction has made of a table is no part of its past yet.
  const newest = [...committed.tables.values()].find(({ tableId }) => tableId === shown.tableId);
  const table = newest !== undefined && shown.seq > newest.seq ? newest : shown;
  const moment = await readMoment(connection, past, parameters);
  const found = await pastVersion(context, connection, table, table === shown ? version.seq : committed.seq, moment);
  return { ...found, schemaName: past.schemaName, tableId: -Number(/\d+$/.exec(past.schemaName)?.[0]) };
}

/** Throws `22023` for what is no version and no time. */
async function readMoment(
  connection: KernelConnection,
  { unit, expression }: PastTable,
  parameters: Parameters | undefined,
): Promise<PastMoment> {
  const value =
    unit === 'version'
      ? `CAST((${expression}) AS BIGINT)`
      : `CAST(floor(epoch_us(CAST((${expression}) AS TIMESTAMPTZ)) / 1000) AS BIGINT)`;
  try {
    const piece = pieceOf(`SELECT ${value} AS moment`, parameters);
    const [row] = await connection.rows(piece.sql, piece.parameters);
    const moment = row?.['moment'];
    if (moment !== null && moment !== undefined) {
      return unit === 'version' ? { kind: 'version', seq: Number(moment) } : { kind: 'time', timeMs: Number(moment) };
    }
  } catch (error) {
    if (!(error instanceof AlopexError) || error.code === SqlState.queryCanceled) throw error;
    throw noMoment(unit, expression, error);
  }
  throw noMoment(unit, expression, undefined);
}

function noMoment(unit: PastTable['unit'], expression: string, cause: AlopexError | undefined): AlopexError {
  const text = expression.trim();
  return new AlopexError(
    SqlState.invalidParameter,
    unit === 'version' ? `${text} is no version of a table` : `${text} is no time`,
    {
      hint:
        unit === 'version'
          ? 'A version is a whole number: SELECT * FROM alopex.history lists those that are kept.'
          : "A time is a constant such as TIMESTAMPTZ '2026-01-31 12:00:00+00' or now() - INTERVAL '1 hour'.",
      cause,
    },
  );
}
