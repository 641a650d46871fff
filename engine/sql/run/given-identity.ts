import { AlopexError, SqlState } from '../../errors.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import type { Column } from '../../table/schema.ts';
import type { TableVersion } from '../../table/version.ts';
import type { InsertStatement, Overriding } from '../parse/statement.ts';
import { TokenReader } from '../parse/token-reader.ts';
import type { Stage } from './stage.ts';

/** Throws `428C9` for a column that counts always, unless the statement says that it gives values to such. */
export function refuseIdentity(column: Column, overriding?: Overriding): void {
  if (column.identity?.always !== true || overriding === 'system') return;
  throw new AlopexError(
    SqlState.generatedAlways,
    `column "${column.name}" is an identity column defined as GENERATED ALWAYS: it can only be set to DEFAULT`,
    { hint: 'Leave it out, or use INSERT … OVERRIDING SYSTEM VALUE.' },
  );
}

/** Throws `428C9` when an INSERT gives a value to a column that counts always. `given` are the names of the columns of its source, in order. */
export function refuseGivenIdentities(
  { schema }: TableVersion,
  { overriding, source }: InsertStatement,
  given: readonly string[],
): void {
  if (overriding !== undefined) return;
  for (const column of schema.columns) {
    if (column.identity?.always !== true) continue;
    const place = given.findIndex((name) => name.toLowerCase() === column.name.toLowerCase());
    if (place >= 0 && !isDefault(source, place)) refuseIdentity(column);
  }
}

/** Whether all rows that are written out say DEFAULT at this place. */
function isDefault(source: string, place: number): boolean {
  const reader = new TokenReader(source);
  if (reader.accept('DEFAULT', 'VALUES')) return true;
  if (!reader.accept('VALUES')) return false;
  do {
    if (reader.peek()?.text !== '(') return false;
    const row = new TokenReader(reader.group());
    if (row.listUntil(row.end)[place]?.toUpperCase() !== 'DEFAULT') return false;
  } while (reader.acceptSymbol(','));
  return true;
}

/** OVERRIDING USER VALUE: the identity columns of staged rows count, whatever was given to them. */
export async function countAnew({ schema }: TableVersion, stage: Stage): Promise<void> {
  const columns = schema.columns.filter(({ identity }) => identity !== undefined);
  if (columns.length === 0) return;
  const set = columns.map(({ name }) => `${quoteIdentifier(name)} = DEFAULT`);
  await stage.run(`UPDATE ${stage.relation} SET ${set.join(', ')}`);
}
