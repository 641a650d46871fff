import { AlopexError, SqlState } from '../../errors.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import { quoteLiteral } from '../../table/data-type.ts';
import type { ObjectName } from '../../table/object-name.ts';
import type { NewSequence } from '../../table/owned-sequences.ts';
import type { Column, TableSchema } from '../../table/schema.ts';
import { kernelSequence, readSequenceBody } from '../../table/sequences.ts';
import type { Writer } from '../../writer.ts';
import type { IdentityClause } from '../parse/identity-clause.ts';
import { freeName } from './constraint-names.ts';

const TYPES: ReadonlySet<string> = new Set(['SMALLINT', 'INTEGER', 'BIGINT']);

/** A schema whose IDENTITY columns count, and their sequences, which are to be made in the same edit. `clauses` are by lower-case name of column. */
export async function withIdentities(
  writer: Writer,
  connection: KernelConnection,
  table: Required<ObjectName>,
  schema: TableSchema,
  clauses: ReadonlyMap<string, IdentityClause>,
): Promise<{ readonly schema: TableSchema; readonly sequences: readonly NewSequence[] }> {
  const sequences: NewSequence[] = [];
  const columns: Column[] = [];
  let definitionId = writer.context.manifest.state.catalog.nextDefinitionId;
  for (const column of schema.columns) {
    const clause = clauses.get(column.name.toLowerCase());
    if (clause === undefined) {
      columns.push(column);
      continue;
    }
    refuseUnfit(column);
    const { schemaName } = table;
    const taken = writer.latest.definitions.all.filter(
      (each) => each.kind === 'sequence' && each.schemaName.toLowerCase() === schemaName.toLowerCase(),
    );
    const names = [...taken, ...sequences.map(({ definition }) => definition)].map(({ name }) => name.toLowerCase());
    const name = freeName(`${table.name}_${column.name}_seq`, new Set(names));
    const body = await readSequenceBody(connection, clause.options);
    sequences.push({
      columnId: column.id,
      definition: { definitionId, kind: 'sequence', schemaName, name, body },
    });
    columns.push({
      ...column,
      required: true,
      defaultSql: `nextval(${quoteLiteral(kernelSequence(definitionId))})`,
      identity: { always: clause.always, sequenceId: definitionId },
    });
    definitionId++;
  }
  return { schema: { ...schema, columns }, sequences };
}

function refuseUnfit({ name, type, defaultSql, generatedSql }: Column): void {
  if (defaultSql !== undefined || generatedSql !== undefined) {
    throw new AlopexError(SqlState.syntaxError, `column "${name}" has a default already: it cannot be IDENTITY too`, {
      hint: 'Leave one of them out, or ALTER COLUMN … DROP DEFAULT first.',
    });
  }
  if (type.kind === 'primitive' && TYPES.has(type.name)) return;
  throw new AlopexError(
    SqlState.invalidParameter,
    `column "${name}": the type of an IDENTITY column must be a number`,
    {
      hint: 'Use SMALLINT, INTEGER or BIGINT.',
    },
  );
}
