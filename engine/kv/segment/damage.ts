import { AlopexError, SqlState } from '../../errors.ts';

/** What is wrong with the file at `path`. */
export function segmentDamage(path: string, what: string, cause?: unknown): AlopexError {
  return new AlopexError(SqlState.dataCorrupted, `${path} is damaged: ${what}`, {
    hint: 'Restore the file from a backup; nothing was changed.',
    cause,
  });
}

/** The disk, or the limit on open files, does not let the file at `path` be read: that says nothing about what is in it. */
export function unreadable(path: string, cause: unknown): AlopexError {
  return new AlopexError(
    SqlState.ioError,
    `${path} could not be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    { hint: 'Try again; if it goes on, check the disk. Nothing was changed.', cause },
  );
}
