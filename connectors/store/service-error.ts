import { redact, redactedCause } from './redact.ts';
import { StoreError, type StoreErrorKind } from './store-error.ts';

/** What an SDK tells of a failed request. */
export interface ServiceFailure {
  /** HTTP status, when there was an answer. */
  readonly status: number | undefined;
  /** The service's word for it, or Node's (`ECONNRESET`). */
  readonly code: string | undefined;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
}

const BY_CODE: Readonly<Record<string, StoreErrorKind>> = {
  ECONNREFUSED: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ECONNRESET: 'broken',
  ECONNABORTED: 'broken',
  EPIPE: 'broken',
  ERR_STREAM_PREMATURE_CLOSE: 'broken',
  ERR_STREAM_DESTROYED: 'broken',
  ETIMEDOUT: 'timeout',
  ESOCKETTIMEDOUT: 'timeout',
  TimeoutError: 'timeout',
  RequestTimeout: 'timeout',
  SlowDown: 'throttled',
  ThrottlingException: 'throttled',
  TooManyRequests: 'throttled',
  ServerBusy: 'throttled',
  RequestTimeTooSkewed: 'unauthenticated',
  InvalidAccessKeyId: 'unauthenticated',
  SignatureDoesNotMatch: 'unauthenticated',
  ExpiredToken: 'unauthenticated',
  InvalidToken: 'unauthenticated',
  AuthenticationFailed: 'unauthenticated',
  CredentialsProviderError: 'unauthenticated',
  CredentialUnavailableError: 'unauthenticated',
  NoSuchUpload: 'conflict',
};

/** Tells of services that name no code: what HTTP clients say when a connection ends in the middle of an answer. */
const BROKEN = /socket hang up|premature close|aborted|terminated|ECONNRESET|other side closed|unexpected end/i;

/** The error that users see; `what` says what failed, such as `get s3://bucket/key`. */
export function serviceError(what: string, failure: ServiceFailure, error: unknown): StoreError {
  const kind = kindOf(failure);
  const told = [failure.status, failure.code].filter((part) => part !== undefined).join(' ');
  const message = redact(failure.message).trim() || 'no reason was given';
  return new StoreError(kind, `could not ${what}: ${message}${told === '' ? '' : ` (${told})`}`, {
    cause: redactedCause(error),
    retryAfterMs: failure.retryAfterMs,
  });
}

function kindOf({ status, code, message }: ServiceFailure): StoreErrorKind {
  const known = code === undefined ? undefined : BY_CODE[code];
  if (known !== undefined) return known;
  // An answer of 200 that cannot be read was cut short.
  if (status === undefined || status < 400) return BROKEN.test(message) || status !== undefined ? 'broken' : 'refused';
  switch (status) {
    case 401:
      return 'unauthenticated';
    case 403:
      return 'denied';
    case 404:
      return 'absent';
    case 408:
      return 'timeout';
    case 409:
      return 'conflict';
    case 429:
    case 503:
      return 'throttled';
    default:
      return status >= 500 ? 'unavailable' : 'refused';
  }
}

/** Milliseconds of a `Retry-After` header in seconds; services send no dates. */
export function retryAfterMs(header: string | null | undefined): number | undefined {
  if (header === null || header === undefined || !/^\d{1,4}$/.test(header)) return undefined;
  return Number(header) * 1000;
}

/** An answer with fewer bytes than it said. */
export function cutShort(what: string, expectedBytes: number, foundBytes: number): StoreError {
  return new StoreError('broken', `could not ${what}: the answer ended after ${foundBytes} of ${expectedBytes} bytes`);
}
