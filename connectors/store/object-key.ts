import { AlopexError, SqlState } from '../../engine/errors.ts';

/** Throws 22023 unless the key is relative and has neither empty segments nor `.` and `..`, so that it stays below its root everywhere. */
export function checkKey(key: string): void {
  const bad =
    key.includes('\0') || key.split('/').some((segment) => segment === '' || segment === '.' || segment === '..');
  if (bad) throw new AlopexError(SqlState.invalidParameter, `${JSON.stringify(key)} is not an object key`);
}

/** Throws 22023 unless the range is made of whole numbers of at least 0. */
export function checkRange(offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw new AlopexError(SqlState.invalidParameter, `${length} bytes from ${offset} are not a range`);
  }
}

/** Order of UTF-8 bytes, which is not that of JavaScript's `<` (UTF-16 units). */
export function compareKeys(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** The error of a range of an object that is not there. */
export function absent(uri: string, key: string, cause?: unknown): AlopexError {
  return new AlopexError(SqlState.undefinedFile, `there is no object ${uri}/${key}`, { cause });
}
