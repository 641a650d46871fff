import { AlopexError } from '../../../engine/errors.ts';
import { retryAfterMs, serviceError } from '../service-error.ts';

interface SdkError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly details?: { readonly errorCode?: unknown };
  readonly response?: { readonly headers?: { get(name: string): string | undefined } };
}

export function statusOf(error: unknown): number | undefined {
  const status = (error as SdkError | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** The service's word for what went wrong; HEAD answers have it in a header. */
export function codeOf(error: unknown): string | undefined {
  const { details, code } = error as SdkError;
  if (typeof details?.errorCode === 'string') return details.errorCode;
  return typeof code === 'string' ? code : undefined;
}

/** Whether the blob is absent, and not its container. */
export function isAbsentBlob(error: unknown): boolean {
  return statusOf(error) === 404 && codeOf(error) !== 'ContainerNotFound';
}

/** Whether a condition of a write did not hold. Services differ in 409 and 412 for a blob that is there already. */
export function isPreconditionFailure(error: unknown): boolean {
  const code = codeOf(error);
  return statusOf(error) === 412 || code === 'BlobAlreadyExists' || code === 'ConditionNotMet';
}

const UNSTORED_BLOCKS = 'InvalidBlockList';

/** Turns an error of the SDK into the one that users see. An abort is thrown as the signal's reason. */
export function azureError(what: string, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (error instanceof AlopexError || !(error instanceof Error)) return error;
  const { name, response } = error as SdkError;
  const code =
    codeOf(error) ?? (typeof name === 'string' && name !== 'Error' && name !== 'RestError' ? name : undefined);
  const failure = {
    // A write by somebody else drops the blocks that were not committed yet: the upload begins anew.
    status: code === UNSTORED_BLOCKS ? 409 : statusOf(error),
    code: code === 'REQUEST_SEND_ERROR' ? sendErrorCode(error.message) : code,
    // The SDK adds headers and the whole answer below the first line.
    message: error.message.split('\n', 1)[0] ?? '',
    retryAfterMs: retryAfterMs(response?.headers?.get('retry-after')),
  };
  return serviceError(what, failure, error);
}

/** The SDK keeps Node's code in the message only. */
function sendErrorCode(message: string): string | undefined {
  return /\b(E[A-Z_]{4,})\b/.exec(message)?.[1];
}
