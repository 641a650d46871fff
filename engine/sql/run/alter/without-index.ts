import type { PlainIndex, TableSchema, UniqueKey } from '../../../table/schema.ts';
import { withoutUnique } from './constraints.ts';

/** Without an index: one that is unique is a constraint too. */
export function withoutIndex(schema: TableSchema, index: UniqueKey | PlainIndex): TableSchema {
  return schema.unique?.includes(index) === true ? withoutUnique(schema, index) : withoutPlain(schema, index);
}

function withoutPlain({ indexes = [], ...rest }: TableSchema, index: PlainIndex): TableSchema {
  const kept = indexes.filter((candidate) => candidate !== index);
  return kept.length === 0 ? rest : { ...rest, indexes: kept };
}

/** Without the plain indexes that have a column, which is about to be dropped. */
export function withoutIndexesOf(schema: TableSchema, columnId: number): TableSchema {
  const leaving = (schema.indexes ?? []).filter(({ columns }) => columns.includes(columnId));
  return leaving.reduce(withoutPlain, schema);
}
