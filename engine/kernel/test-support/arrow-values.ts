import { DataType } from 'apache-arrow';
import type { Data, RecordBatch } from 'apache-arrow';

/** A value as its Arrow buffers hold it: no conversion of the library in between. */
export type RawValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly RawValue[]
  | { readonly [key: string]: RawValue }
  | Map<RawValue, RawValue>;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Row `index` of a column: BLOBs as hex text, decimals unscaled, times and dates as their integers, intervals as `[months, days, nanos]`. */
export function rawAt(data: Data, index: number): RawValue {
  const { type } = data;
  if (DataType.isNull(type) || !data.getValid(index)) return null;
  const values = data.values as ArrayLike<number | bigint>;
  const offsets = data.valueOffsets as Int32Array;
  if (DataType.isBool(type))
    return (((values[(data.offset + index) >> 3] as number) >> ((data.offset + index) & 7)) & 1) === 1;
  if (DataType.isUtf8(type))
    return decoder.decode((data.values as Uint8Array).subarray(offsets[index], offsets[index + 1]));
  if (DataType.isBinary(type))
    return Buffer.from((data.values as Uint8Array).subarray(offsets[index], offsets[index + 1])).toString('hex');
  if (DataType.isDictionary(type)) return rawAt(data.dictionary!.data[0]!, values[index] as number);
  if (DataType.isDecimal(type)) {
    const words = values as Uint32Array;
    const word = (position: number): bigint => BigInt(words[index * 4 + position]!);
    return BigInt.asIntN(128, word(0) | (word(1) << 32n) | (word(2) << 64n) | (word(3) << 96n));
  }
  if (DataType.isInterval(type)) {
    const words = values as Int32Array;
    const nanos = BigInt.asUintN(32, BigInt(words[index * 4 + 2]!)) | (BigInt(words[index * 4 + 3]!) << 32n);
    return [words[index * 4]!, words[index * 4 + 1]!, nanos];
  }
  const { children } = data;
  const range = (from: number, to: number): RawValue[] =>
    Array.from({ length: to - from }, (_, position) => rawAt(children[0]!, from + position));
  if (DataType.isList(type)) return range(offsets[index]!, offsets[index + 1]!);
  if (DataType.isFixedSizeList(type)) return range(index * type.listSize, (index + 1) * type.listSize);
  if (DataType.isMap(type)) {
    const entries = range(offsets[index]!, offsets[index + 1]!) as { key: RawValue; value: RawValue }[];
    return new Map(entries.map(({ key, value }) => [key, value]));
  }
  if (DataType.isStruct(type)) {
    return Object.fromEntries(type.children.map((field, position) => [field.name, rawAt(children[position]!, index)]));
  }
  return values[index]!;
}

/** All values of a column over batches. */
export function rawColumn(batches: readonly RecordBatch[], columnIndex: number): RawValue[] {
  return batches.flatMap((batch) =>
    Array.from({ length: batch.numRows }, (_, row) => rawAt(batch.data.children[columnIndex]!, row)),
  );
}
