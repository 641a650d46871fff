import { AlopexError, SqlState } from '../engine/errors.ts';
import type { Bound } from '../engine/table/bound.ts';
import { decimalOf, fixedLength } from './types.ts';

/** One value in Iceberg's binary form (specification, Appendix D: single-value serialization). */
export function encodeValue(type: string, value: Bound): Buffer {
  switch (type) {
    case 'boolean':
      return Buffer.from([expectKind('boolean', type, value) ? 1 : 0]);
    case 'int':
    case 'date':
      return write(4, (bytes) => bytes.writeInt32LE(Number(expectInteger(type, value, 32))));
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return write(8, (bytes) => bytes.writeBigInt64LE(expectInteger(type, value, 64)));
    case 'float':
      return write(4, (bytes) => bytes.writeFloatLE(expectKind('number', type, value)));
    case 'double':
      return write(8, (bytes) => bytes.writeDoubleLE(expectKind('number', type, value)));
    case 'string':
      return Buffer.from(expectKind('string', type, value), 'utf8');
    case 'uuid':
      return uuidBytes(expectKind('string', type, value));
    default:
      if (decimalOf(type) !== undefined) return decimalBytes(expectKind('bigint', type, value));
      if (value instanceof Uint8Array) return Buffer.from(value);
      throw mismatch(type, value);
  }
}

/** The inverse of `encodeValue`; also reads values written before their column's type was widened. Throws a plain error on bytes that are no such value. */
export function decodeValue(type: string, bytes: Uint8Array): Bound {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case 'boolean':
      return sized(buffer, 1).readUInt8() !== 0;
    case 'int':
    case 'date':
      return BigInt(sized(buffer, 4).readInt32LE());
    case 'long':
      if (buffer.length === 4) return BigInt(buffer.readInt32LE());
      return sized(buffer, 8).readBigInt64LE();
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return sized(buffer, 8).readBigInt64LE();
    case 'float':
      return sized(buffer, 4).readFloatLE();
    case 'double':
      if (buffer.length === 4) return buffer.readFloatLE();
      return sized(buffer, 8).readDoubleLE();
    case 'string':
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(buffer);
    case 'uuid':
      return uuidText(sized(buffer, 16));
    default:
      if (decimalOf(type) !== undefined) return decimalValue(buffer);
      if (type === 'binary' || fixedLength(type) !== undefined) return new Uint8Array(bytes);
      throw new Error(`a value of unknown type ${type}`);
  }
}

/** Big-endian two's complement, sign-extended to `length` bytes or, without one, as short as it can be. */
export function decimalBytes(unscaled: bigint, length?: number): Buffer {
  const size = length ?? shortestLength(unscaled);
  const bytes = Buffer.alloc(size);
  let rest = unscaled;
  for (let at = size - 1; at >= 0; at--) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

function shortestLength(unscaled: bigint): number {
  let size = 1;
  while (BigInt.asIntN(8 * size, unscaled) !== unscaled) size++;
  return size;
}

export function decimalValue(bytes: Uint8Array): bigint {
  if (bytes.length === 0) throw new Error('a decimal of no bytes');
  let unsigned = 0n;
  for (const byte of bytes) unsigned = (unsigned << 8n) | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, unsigned);
}

export function uuidBytes(text: string): Buffer {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) throw mismatch('uuid', text);
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

export function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

interface Kinds {
  readonly boolean: boolean;
  readonly number: number;
  readonly bigint: bigint;
  readonly string: string;
}

/** The value, when it is of the kind that `engine/table/bound.ts` gives to columns of the type. */
export function expectKind<K extends keyof Kinds>(kind: K, type: string, value: Bound): Kinds[K] {
  if (typeof value !== kind) throw mismatch(type, value);
  return value as Kinds[K];
}

export function expectInteger(type: string, value: Bound, bits: number): bigint {
  const integer = expectKind('bigint', type, value);
  if (BigInt.asIntN(bits, integer) !== integer) throw mismatch(type, value);
  return integer;
}

function mismatch(type: string, value: Bound): AlopexError {
  const shown = value instanceof Uint8Array ? 'bytes' : `${typeof value} ${String(value)}`;
  return new AlopexError(SqlState.internalError, `${shown} is no value of Iceberg type ${type}`);
}

function sized(buffer: Buffer, size: number): Buffer {
  if (buffer.length !== size) {
    throw new Error(`a value of ${String(buffer.length)} bytes where ${String(size)} are due`);
  }
  return buffer;
}

function write(size: number, fill: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(size);
  fill(bytes);
  return bytes;
}
