import type { Row } from './pending-rows.ts';
import type { DataType, PrimitiveName } from './schema.ts';

/** How the values of a column lie in the buffers of a record batch, after the one that says which are null. */
export interface ColumnLayout {
  readonly bufferCount: number;
  /** Bytes of each buffer for these rows. */
  sizes(rows: readonly Row[], column: number): number[];
  /** Writes the values into buffers of zeros that begin at `starts`. */
  write(body: Buffer, starts: readonly number[], rows: readonly Row[], column: number): void;
}

type WriteNumber = (body: Buffer, at: number, value: number) => void;
type WriteBigInt = (body: Buffer, at: number, value: bigint) => void;

const NUMBERS: Partial<Record<PrimitiveName, readonly [bytes: number, write: WriteNumber]>> = {
  TINYINT: [1, (body, at, value) => void body.writeInt8(value, at)],
  SMALLINT: [2, (body, at, value) => void body.writeInt16LE(value, at)],
  INTEGER: [4, (body, at, value) => void body.writeInt32LE(value, at)],
  UTINYINT: [1, (body, at, value) => void body.writeUInt8(value, at)],
  USMALLINT: [2, (body, at, value) => void body.writeUInt16LE(value, at)],
  UINTEGER: [4, (body, at, value) => void body.writeUInt32LE(value, at)],
  FLOAT: [4, (body, at, value) => void body.writeFloatLE(value, at)],
  DOUBLE: [8, (body, at, value) => void body.writeDoubleLE(value, at)],
  DATE: [4, (body, at, value) => void body.writeInt32LE(value, at)],
};

const writeInt64: WriteBigInt = (body, at, value) => void body.writeBigInt64LE(value, at);

const BIGINTS: Partial<Record<PrimitiveName, readonly [bytes: number, write: WriteBigInt]>> = {
  BIGINT: [8, writeInt64],
  TIME: [8, writeInt64],
  TIMESTAMP: [8, writeInt64],
  'TIMESTAMP WITH TIME ZONE': [8, writeInt64],
  DECIMAL: [
    16,
    (body, at, value) => {
      body.writeBigUInt64LE(BigInt.asUintN(64, value), at);
      body.writeBigInt64LE(value >> 64n, at + 8);
    },
  ],
};

/** `undefined` for nested types. */
export function columnLayout(type: DataType): ColumnLayout | undefined {
  if (type.kind !== 'primitive') return undefined;
  const { name } = type;
  if (name === 'BOOLEAN') return BITS;
  if (name === 'VARCHAR' || name === 'UUID') return TEXT;
  if (name === 'BLOB') return BYTES;
  const numbers = NUMBERS[name];
  if (numbers !== undefined) return fixedWidth(...numbers);
  const bigints = BIGINTS[name];
  return bigints === undefined ? undefined : fixedWidth(...bigints);
}

function fixedWidth(bytes: number, write: (body: Buffer, at: number, value: never) => void): ColumnLayout {
  return {
    bufferCount: 1,
    sizes: (rows) => [rows.length * bytes],
    write(body, [start = 0], rows, column) {
      for (const [index, row] of rows.entries()) {
        const value = row[column];
        if (value !== null) write(body, start + index * bytes, value as never);
      }
    },
  };
}

const BITS: ColumnLayout = {
  bufferCount: 1,
  sizes: (rows) => [(rows.length + 7) >> 3],
  write(body, [start = 0], rows, column) {
    for (const [index, row] of rows.entries()) {
      if (row[column] === true) body[start + (index >> 3)]! |= 1 << (index & 7);
    }
  },
};

const TEXT = variableWidth<string>(
  (value) => Buffer.byteLength(value),
  (body, at, value) => body.write(value, at),
);

const BYTES = variableWidth<Uint8Array>(
  (value) => value.length,
  (body, at, value) => {
    body.set(value, at);
    return value.length;
  },
);

/** Offsets, and the values one after the other. `write` returns the number of bytes. */
function variableWidth<T>(
  bytesOf: (value: T) => number,
  write: (body: Buffer, at: number, value: T) => number,
): ColumnLayout {
  return {
    bufferCount: 2,
    sizes(rows, column) {
      let bytes = 0;
      for (const row of rows) {
        const value = row[column];
        if (value !== null) bytes += bytesOf(value as T);
      }
      return [(rows.length + 1) * 4, bytes];
    },
    write(body, [offsets = 0, start = 0], rows, column) {
      let at = start;
      for (const [index, row] of rows.entries()) {
        const value = row[column];
        if (value !== null) at += write(body, at, value as T);
        body.writeInt32LE(at - start, offsets + (index + 1) * 4);
      }
    },
  };
}
