import { AlopexError, SqlState } from '../../../errors.ts';
import type { Column, TableSchema } from '../../../table/schema.ts';
import { createKernelSequence, readSequenceBody } from '../../../table/sequences.ts';
import type { NewSequence } from '../../../table/owned-sequences.ts';
import { putDefinition } from '../../definitions/commit.ts';
import type { IdentityChange } from '../../parse/statement.ts';
import { withIdentities } from '../identity.ts';
import { requireColumn } from '../require-column.ts';
import type { Alteration } from './alteration.ts';
import { replaced } from './columns.ts';

/** A schema with the sequence of a column that is to count from now on, if there is one. */
export interface IdentityAlteration {
  readonly schema: TableSchema;
  readonly sequences?: readonly NewSequence[];
}

/** `undefined` when the schema stays as it is. */
export async function withIdentityChange(
  { writer, session, table }: Omit<Alteration, 'rows'>,
  name: string,
  change: IdentityChange,
): Promise<IdentityAlteration | undefined> {
  const { schema } = table;
  const column = requireColumn(table, name);
  if (change.kind === 'add-identity') {
    if (column.identity !== undefined) {
      throw new AlopexError(SqlState.objectNotInState, `column "${column.name}" is an IDENTITY column already`);
    }
    if (!column.required) {
      throw new AlopexError(SqlState.objectNotInState, `column "${column.name}" must be NOT NULL to become IDENTITY`, {
        hint: 'ALTER COLUMN … SET NOT NULL first.',
      });
    }
    const clauses = new Map([[column.name.toLowerCase(), change]]);
    return withIdentities(writer, session.connection, table, schema, clauses);
  }
  const { identity } = column;
  if (identity === undefined) {
    if (change.kind === 'drop-identity' && change.ifExists) return undefined;
    throw new AlopexError(SqlState.objectNotInState, `column "${column.name}" is no IDENTITY column`, {
      hint: 'ALTER COLUMN … ADD GENERATED … AS IDENTITY makes it one.',
    });
  }
  switch (change.kind) {
    case 'drop-identity':
      return { schema: replaced(schema, column, withoutIdentity(column)) };
    case 'set-identity':
      if (identity.always === change.always) return undefined;
      return { schema: replaced(schema, column, { ...column, identity: { ...identity, always: change.always } }) };
    case 'restart-identity':
      if (writer.isInTransaction) {
        throw new AlopexError(
          SqlState.featureNotSupported,
          'RESTART cannot begin a sequence anew in a transaction: all connections share its values at once',
          { hint: 'Run it before or after the transaction.' },
        );
      }
      await restart({ writer, session }, identity.sequenceId, change.start);
      return undefined;
  }
}

function withoutIdentity({ identity: _identity, defaultSql: _defaultSql, ...column }: Column): Column {
  return column;
}

/** What it hands out while the manifest does not say yet that it begins anew is skipped, at worst. */
async function restart(
  { writer, session }: Pick<Alteration, 'writer' | 'session'>,
  sequenceId: number,
  start: string | undefined,
): Promise<void> {
  const sequence = writer.latest.definitions.all.find(({ definitionId }) => definitionId === sequenceId);
  if (sequence === undefined) throw new Error(`sequence ${sequenceId} of an IDENTITY column is not there`);
  const typed = start === undefined ? sequence.body : sequence.body.replace(/^START WITH -?\d+/, `START WITH ${start}`);
  const definition = { ...sequence, body: await readSequenceBody(session.connection, typed) };
  await putDefinition(writer, definition, true);
  await createKernelSequence(session.connection, definition, undefined);
}
