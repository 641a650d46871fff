import { AlopexError, SqlState } from '../../engine/errors.ts';

/** The `code` of an error of Node's file functions (`ENOENT`, …), or `undefined` for any other value. */
export function nodeErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Turns an error of Node's file functions into the one that users see; `action` says what failed, e.g. `write /data/x`. */
export function fileError(action: string, error: unknown): AlopexError {
  if (error instanceof AlopexError) return error;
  const message = `could not ${action}: ${error instanceof Error ? error.message : String(error)}`;
  const code = nodeErrorCode(error);
  if (code === 'ENOENT') return new AlopexError(SqlState.undefinedFile, message, { cause: error });
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AlopexError(SqlState.diskFull, message, { cause: error, hint: 'Free some disk space and try again.' });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new AlopexError(SqlState.ioError, message, { cause: error, hint: 'Give this user the right to do so.' });
  }
  return new AlopexError(SqlState.ioError, message, { cause: error });
}
