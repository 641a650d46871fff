import { AlopexError, SqlState } from '../../engine/errors.ts';

/** What standard error says of a failure: `ERROR <SQLSTATE>: <message>`, and a hint on a line of its own. */
export function errorText(error: unknown): string {
  const { code, message, hint } = describe(error);
  return `ERROR ${code}: ${message}\n${hint === undefined ? '' : `HINT: ${hint}\n`}`;
}

function describe(error: unknown): { code: string; message: string; hint?: string | undefined } {
  if (error instanceof AlopexError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const systemCode = error instanceof Error && 'code' in error ? error.code : undefined;
  if (systemCode === 'ENOSPC') return { code: SqlState.diskFull, message };
  // What has a system call's code failed outside of the program; anything else should not have happened.
  const external = error instanceof Error && 'syscall' in error;
  return { code: external ? SqlState.ioError : SqlState.internalError, message };
}
