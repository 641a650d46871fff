import { AlopexError } from '../../../engine/errors.ts';
import { serviceError } from '../service-error.ts';

interface SdkError {
  readonly code?: unknown;
  readonly status?: unknown;
  readonly type?: unknown;
  readonly errors?: unknown;
}

/** HTTP status: the SDK has it as a number in `code`, its library for uploads in `status`. */
export function statusOf(error: unknown): number | undefined {
  const { code, status } = (error ?? {}) as SdkError;
  if (typeof code === 'number') return code;
  if (typeof code === 'string' && /^\d{3}$/.test(code)) return Number(code);
  return typeof status === 'number' ? status : undefined;
}

export function isAbsentObject(error: unknown): boolean {
  return statusOf(error) === 404 && !/bucket/i.test(error instanceof Error ? error.message : '');
}

export function isPreconditionFailure(error: unknown): boolean {
  return statusOf(error) === 412;
}

/** Turns an error of the SDK into the one that users see. An abort is thrown as the signal's reason. */
export function gcsError(what: string, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (error instanceof AlopexError || !(error instanceof Error)) return error;
  const { code, type } = error as SdkError;
  const words = [code, type].find((word) => typeof word === 'string' && !/^\d+$/.test(word));
  const isUnknownUser = error.message.includes('Could not load the default credentials');
  const failure = {
    status: isUnknownUser ? 401 : statusOf(error),
    code: typeof words === 'string' ? words : undefined,
    message: error.message.split('\n', 1)[0] ?? '',
  };
  return serviceError(what, failure, error);
}
