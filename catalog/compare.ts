import type { Bound } from '../engine/table/bound.ts';

/** Orders two values of one column: text by its UTF-8 bytes, as Iceberg and Parquet order it, and not by UTF-16 units. */
export function compareBounds(left: Bound, right: Bound): number {
  if (typeof left === 'string' && typeof right === 'string') return comparePaths(left, right);
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

export function comparePaths(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8'));
}
