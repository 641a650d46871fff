import { AlopexError } from '../../../engine/errors.ts';
import { retryAfterMs, serviceError, type ServiceFailure } from '../service-error.ts';

interface SdkError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** HTTP status of the answer that an error of the SDK tells of. */
export function statusOf(error: unknown): number | undefined {
  return (error as SdkError | undefined)?.$metadata?.httpStatusCode;
}

/** Whether a condition of a write did not hold. */
export function isPreconditionFailure(error: unknown): boolean {
  return statusOf(error) === 412;
}

/** Whether the object is absent, and not its bucket. HEAD answers have no body to tell it by. */
export function isAbsentObject(error: unknown): boolean {
  return (
    statusOf(error) === 404 &&
    (error as SdkError).name !== 'NoSuchBucket' &&
    (error as SdkError).name !== 'NoSuchUpload'
  );
}

/** Turns an error of the SDK into the one that users see. An abort is thrown as the signal's reason. */
export function s3Error(what: string, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (error instanceof AlopexError || !(error instanceof Error)) return error;
  const { code, name, message, $response } = error as SdkError & Error;
  const status = statusOf(error);
  const failure: ServiceFailure = {
    status,
    code: typeof code === 'string' ? code : name === 'Error' ? undefined : name,
    message,
    retryAfterMs: retryAfterMs($response?.headers?.['retry-after']),
  };
  return serviceError(what, failure, error);
}
