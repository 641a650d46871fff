import { AlopexError, SqlState } from '../engine/errors.ts';

/** The error for a metadata object that is not what was written: it names the object's key, so that it can be restored. */
export function damaged(key: string, why: string, cause?: unknown): AlopexError {
  return new AlopexError(SqlState.dataCorrupted, `cold table metadata ${key} is damaged: ${why}`, {
    hint: 'Restore this object from a backup of the object store.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Runs `decode` over an object's bytes; whatever it trips over is damage of that object. */
export function decoding<T>(key: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof AlopexError) throw error;
    throw damaged(key, error instanceof Error ? error.message : String(error), error);
  }
}
