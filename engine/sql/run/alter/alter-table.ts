import { AlopexError, SqlState } from '../../../errors.ts';
import { alterTable } from '../../../table/ddl.ts';
import { requireSchema } from '../../../table/relations.ts';
import type { NewSequence } from '../../../table/owned-sequences.ts';
import type { TableSchema } from '../../../table/schema.ts';
import type { TableVersion } from '../../../table/version.ts';
import type { Writer } from '../../../writer.ts';
import type { AlterAction, AlterTableStatement, OptionSetting } from '../../parse/statement.ts';
import { isRelation } from '../define.ts';
import type { Session } from '../session.ts';
import { applyOptions } from '../table-options.ts';
import type { Alteration } from './alteration.ts';
import { withChanged, withColumn, withoutColumn, withRenamed } from './columns.ts';
import { withConstraint, withoutConstraint } from './constraints.ts';
import { ExistingRows } from './existing-rows.ts';
import { withIdentityChange } from './identity.ts';
import { withField, withoutField, withRenamedField } from './fields.ts';

type Action = Exclude<AlterAction, { kind: 'tier' }>;

/** Every action of ALTER TABLE but moves between tiers. */
export async function runAlterTable(
  writer: Writer,
  session: Session,
  statement: AlterTableStatement & { action: Action },
): Promise<void> {
  const { action, name, ifExists } = statement;
  if (ifExists && !isRelation(writer, name)) return;
  const table = writer.table(name);
  switch (action.kind) {
    case 'set':
      await setOptions(writer, session, table, action.options);
      return;
    case 'rename':
      await alterTable(writer, session.connection, table, { name: action.to });
      return;
    case 'set-schema':
      requireSchema(writer.latest, action.schemaName);
      await alterTable(writer, session.connection, table, { schemaName: action.schemaName });
      return;
    case 'add-column':
    case 'drop-column':
    case 'rename-column':
    case 'alter-column':
    case 'add-constraint':
    case 'drop-constraint': {
      let rows: ExistingRows | undefined;
      const alteration: Alteration = {
        writer,
        session,
        table,
        rows: async () => (rows ??= await ExistingRows.of(writer, session, table)),
      };
      const schema = await alteredSchema(alteration, action);
      if (schema !== undefined) await putSchema(writer, session, table, schema);
      return;
    }
    case 'alter-identity': {
      const changed = await withIdentityChange({ writer, session, table }, action.column, action.change);
      if (changed !== undefined) await putSchema(writer, session, table, changed.schema, changed.sequences);
    }
  }
}

/** Makes a schema the table's next one. */
export async function putSchema(
  writer: Writer,
  session: Session,
  table: TableVersion,
  schema: TableSchema,
  sequences: readonly NewSequence[] = [],
): Promise<void> {
  const next = { ...schema, schemaId: table.schema.schemaId + 1 };
  await alterTable(writer, session.connection, table, { schema: next }, sequences);
}

type SchemaAction = Exclude<Action, { kind: 'set' | 'rename' | 'set-schema' | 'alter-identity' }>;

/** `undefined` when there is nothing to do. */
async function alteredSchema(alteration: Alteration, action: SchemaAction): Promise<TableSchema | undefined> {
  switch (action.kind) {
    case 'add-column':
      return action.parent.length > 0 ? withField(alteration, action) : withColumn(alteration, action);
    case 'drop-column': {
      const [column = ''] = action.path;
      const isField = action.path.length > 1;
      return isField
        ? withoutField(alteration, action.path, action.ifExists)
        : withoutColumn(alteration, column, action.ifExists);
    }
    case 'rename-column': {
      const [column = ''] = action.path;
      const isField = action.path.length > 1;
      return isField
        ? withRenamedField(alteration, action.path, action.to)
        : withRenamed(alteration, column, action.to);
    }
    case 'alter-column':
      return withChanged(alteration, action.column, action.change);
    case 'add-constraint':
      return withConstraint(alteration, action.definition);
    case 'drop-constraint':
      return withoutConstraint(alteration, action.name, action.ifExists);
  }
}

async function setOptions(
  writer: Writer,
  session: Session,
  table: TableVersion,
  settings: readonly OptionSetting[],
): Promise<void> {
  const options = await applyOptions(session.connection, table.options, table.schema, settings);
  if (options.coldStorage !== table.options.coldStorage) {
    if (table.cold !== undefined) {
      throw new AlopexError(SqlState.objectInUse, `the cold rows of "${table.name}" are in its present cold_storage`, {
        hint: 'Move them back first: ALTER TABLE … TIER PARTITION WHERE true TO HOT.',
      });
    }
    writer.context.storage.open(options.coldStorage);
  }
  await alterTable(writer, session.connection, table, { options });
}
