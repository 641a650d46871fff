import { type Data, DataType } from 'apache-arrow';
import { floatJson, integerJson } from './number-text.ts';
import { dictionaryReader, unionReader } from './indirect.ts';
import { boolAt, floatAt, floatBits, scalarReader } from './scalar-text.ts';

/** Reads one column of a batch: a row's value as JSON text, `null` for NULL. */
export type JsonReader = (row: number) => string;

/**
 * Reader of a column as JSON. It writes text and builds no objects: those would put the keys `1` and `2` before `a`,
 * whatever their order in a STRUCT or MAP.
 */
export function jsonReader(data: Data): JsonReader {
  const read = validReader(data);
  return (row) => (data.getValid(row) ? read(row) : 'null');
}

function validReader(data: Data): JsonReader {
  const { type, values, children, stride, valueOffsets: offsets } = data;
  if (DataType.isNull(type)) return () => 'null';
  if (DataType.isBool(type)) return (row) => String(boolAt(data, row));
  if (DataType.isInt(type)) return (row) => integerJson(values[row] as number | bigint);
  if (DataType.isFloat(type)) {
    const bits = floatBits(type);
    return (row) => floatJson(floatAt(data, row), bits);
  }
  if (DataType.isList(type) || DataType.isLargeList(type)) {
    const element = jsonReader(children[0]!);
    return (row) => listJson(element, Number(offsets[row]), Number(offsets[row + 1]));
  }
  if (DataType.isFixedSizeList(type)) {
    const element = jsonReader(children[0]!);
    return (row) => listJson(element, row * stride, (row + 1) * stride);
  }
  if (DataType.isStruct(type)) {
    const fields = children.map((child, index) => ({
      key: JSON.stringify(type.children[index]!.name),
      read: jsonReader(child),
    }));
    return (row) => `{${fields.map(({ key, read }) => `${key}:${read(row)}`).join(',')}}`;
  }
  if (DataType.isMap(type)) return mapReader(data);
  if (DataType.isDictionary(type)) return dictionaryReader(data, jsonReader);
  if (DataType.isUnion(type)) return unionReader(data, jsonReader);
  const text = scalarReader(data, 'iso');
  return (row) => JSON.stringify(text(row));
}

function listJson(element: JsonReader, start: number, end: number): string {
  const items: string[] = [];
  for (let index = start; index < end; index++) items.push(element(index));
  return `[${items.join(',')}]`;
}

/** A MAP is an object, its keys as text: JSON knows no other keys. */
function mapReader(data: Data): JsonReader {
  const [keys, items] = data.children[0]!.children as [Data, Data];
  const key = jsonReader(keys);
  const item = jsonReader(items);
  const { valueOffsets } = data;
  return (row) => {
    const entries: string[] = [];
    for (let index = Number(valueOffsets[row]); index < Number(valueOffsets[row + 1]); index++) {
      const name = key(index);
      entries.push(`${name.startsWith('"') ? name : JSON.stringify(name)}:${item(index)}`);
    }
    return `{${entries.join(',')}}`;
  };
}
