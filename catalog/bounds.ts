import type { Bound } from '../engine/table/bound.ts';
import { encodeValue } from './single-value.ts';

/** Iceberg's default metrics mode, `truncate(16)`: code points of a string, bytes of a binary. */
const truncateLength = 16;

/**
 * A lower bound in binary form: at most the given one. `undefined` where it cannot be one (NaN, text that is not
 * Unicode). -0.0 orders before +0.0 in Iceberg, so a zero is written as -0.0.
 */
export function encodeLower(type: string, value: Bound): Buffer | undefined {
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return undefined;
    return encodeValue(type, value === 0 ? -0 : type === 'float' ? floatBelow(value) : value);
  }
  if (type === 'string' && typeof value === 'string') {
    return value.isWellFormed() ? encodeValue(type, codePoints(value).slice(0, truncateLength).join('')) : undefined;
  }
  if (value instanceof Uint8Array) return encodeValue(type, value.subarray(0, truncateLength));
  return encodeValue(type, value);
}

/**
 * An upper bound in binary form: at least the given one. One that is cut short is rounded up, for readers skip files by
 * it; `undefined` where that is not possible (nothing but greatest code points or 0xFF bytes), and for NaN.
 */
export function encodeUpper(type: string, value: Bound): Buffer | undefined {
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return undefined;
    return encodeValue(type, value === 0 ? 0 : type === 'float' ? floatAbove(value) : value);
  }
  if (type === 'string' && typeof value === 'string') {
    const rounded = value.isWellFormed() ? roundUpText(value) : undefined;
    return rounded === undefined ? undefined : encodeValue(type, rounded);
  }
  if (value instanceof Uint8Array) {
    const rounded = roundUpBytes(value);
    return rounded === undefined ? undefined : encodeValue(type, rounded);
  }
  return encodeValue(type, value);
}

function codePoints(text: string): string[] {
  return Array.from(text);
}

function roundUpText(text: string): string | undefined {
  const points = codePoints(text);
  if (points.length <= truncateLength) return text;
  points.length = truncateLength;
  for (;;) {
    const last = points.pop()?.codePointAt(0);
    if (last === undefined) return undefined;
    // Surrogates are no characters: the code point after U+D7FF is U+E000.
    if (last < 0x10ffff) return points.join('') + String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1);
  }
}

function roundUpBytes(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length <= truncateLength) return bytes;
  for (let at = truncateLength - 1; at >= 0; at--) {
    const byte = bytes[at];
    if (byte !== undefined && byte < 0xff) {
      const rounded = bytes.slice(0, at + 1);
      rounded[at] = byte + 1;
      return rounded;
    }
  }
  return undefined;
}

// A FLOAT's bound may come from its decimal text, which is not always the float itself: round away from the file's values.
function floatBelow(value: number): number {
  const nearest = Math.fround(value);
  return nearest <= value ? nearest : neighbour(nearest, -1);
}

function floatAbove(value: number): number {
  const nearest = Math.fround(value);
  return nearest >= value ? nearest : neighbour(nearest, 1);
}

/** The next float in a direction. Floats of one sign order as their bits do. */
function neighbour(float: number, direction: 1 | -1): number {
  const view = new DataView(new ArrayBuffer(4));
  if (float === 0) {
    view.setInt32(0, 1);
    return direction * view.getFloat32(0);
  }
  view.setFloat32(0, float);
  view.setInt32(0, view.getInt32(0) + (float > 0 ? direction : -direction));
  return view.getFloat32(0);
}
