import { type Data, DataType } from 'apache-arrow';
import { dictionaryReader, unionReader } from './indirect.ts';
import { scalarReader } from './scalar-text.ts';
import { jsonReader } from './value-json.ts';

/** Reads one column of a batch: a row's value as text, null for NULL. */
export type TextReader = (row: number) => string | null;

/**
 * Reader of a column as text, as DuckDB prints values, except that nested values are JSON, and that BLOBs are
 * hexadecimal after `\x`.
 */
export function textReader(data: Data): TextReader {
  const read = validReader(data);
  return (row) => (data.getValid(row) ? read(row) : null);
}

function validReader(data: Data): TextReader {
  const { type } = data;
  if (DataType.isNull(type)) return () => null;
  if (DataType.isDictionary(type)) return dictionaryReader(data, textReader);
  if (DataType.isUnion(type)) return unionReader(data, textReader);
  return isNested(type) ? jsonReader(data) : scalarReader(data, 'sql');
}

function isNested(type: DataType): boolean {
  return type.children?.length > 0;
}
