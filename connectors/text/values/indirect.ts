import type { Data, DataType } from 'apache-arrow';

/** Reader of dictionary-coded values by a reader of the dictionary; each entry is made into text once. */
export function dictionaryReader<T extends string | null>(
  data: Data,
  readerOf: (chunk: Data) => (row: number) => T,
): (row: number) => T {
  const readers = (data.dictionary?.data ?? []).map((chunk) => ({ length: chunk.length, read: readerOf(chunk) }));
  const known = new Map<number, T>();
  return (row) => {
    const code = Number(data.values[row]);
    let text = known.get(code);
    if (text === undefined) {
      let index = code;
      const chunk = readers.find(({ length }) => {
        if (index < length) return true;
        index -= length;
        return false;
      });
      if (chunk === undefined) throw new RangeError(`the dictionary has no entry ${code}`);
      text = chunk.read(index);
      known.set(code, text);
    }
    return text;
  };
}

/** Reader of a union's values by readers of its members. */
export function unionReader<T extends string | null>(
  data: Data,
  readerOf: (child: Data) => (row: number) => T,
): (row: number) => T {
  const readers = data.children.map(readerOf);
  const { typeIdToChildIndex } = data.type as DataType & { typeIdToChildIndex: Record<number, number> };
  const { valueOffsets, typeIds } = data as { valueOffsets?: Int32Array; typeIds: Int8Array };
  const dense = valueOffsets !== undefined && valueOffsets.length > 0;
  return (row) => {
    const read = readers[typeIdToChildIndex[typeIds[row]!]!]!;
    return read(dense ? valueOffsets[row]! : row);
  };
}
