import { AlopexError, SqlState } from '../../engine/errors.ts';

/**
 * What went wrong between us and an object store:
 * - `throttled`, `unavailable`: it asks to come later (429, 503; other 5xx);
 * - `conflict`: another request on the same object was under way, and this one was refused (409);
 * - `unreachable`: no connection was made; `broken`: it broke, or the answer was cut short; `timeout`: no answer in time;
 * - `denied`, `unauthenticated`, `absent`, `refused` (any other 4xx): asking again does not help;
 * - `unknown-outcome`: a conditional write may or may not have taken place, and there is no telling any more.
 */
export type StoreErrorKind =
  | 'throttled'
  | 'unavailable'
  | 'conflict'
  | 'unreachable'
  | 'broken'
  | 'timeout'
  | 'denied'
  | 'unauthenticated'
  | 'absent'
  | 'refused'
  | 'unknown-outcome';

const CODES: Readonly<Record<StoreErrorKind, string>> = {
  throttled: SqlState.insufficientResources,
  unavailable: SqlState.systemError,
  conflict: SqlState.serializationFailure,
  unreachable: SqlState.cannotConnect,
  broken: SqlState.connectionFailure,
  timeout: SqlState.connectionFailure,
  denied: SqlState.insufficientPrivilege,
  unauthenticated: SqlState.invalidAuthorization,
  absent: SqlState.undefinedFile,
  refused: SqlState.ioError,
  'unknown-outcome': SqlState.unknownOutcome,
};

const HINTS: Partial<Readonly<Record<StoreErrorKind, string>>> = {
  throttled: 'The store asks for fewer requests: try again later.',
  unavailable: 'Try again later.',
  unreachable: 'Check the endpoint and the network.',
  denied: 'docs/stores.md lists the permissions that are needed.',
  unauthenticated: 'docs/stores.md says where credentials are looked for.',
  'unknown-outcome': 'Read the object before you write it again.',
};

/** An error of an object store. Its message and cause hold no secrets. */
export class StoreError extends AlopexError {
  readonly kind: StoreErrorKind;
  /** How long the store asks to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: StoreErrorKind,
    message: string,
    options: { hint?: string; cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    const hint = options.hint ?? HINTS[kind];
    super(CODES[kind], message, {
      ...(hint === undefined ? {} : { hint }),
      ...(options.cause === undefined ? {} : { cause: options.cause }),
    });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}

const RETRYABLE: ReadonlySet<StoreErrorKind> = new Set([
  'throttled',
  'unavailable',
  'conflict',
  'unreachable',
  'broken',
  'timeout',
]);

/** Whether the same request may go better later. */
export function isRetryable(error: unknown): error is StoreError {
  return error instanceof StoreError && RETRYABLE.has(error.kind);
}

/** Whether the request may have been carried out although it failed. */
export function isAmbiguous(error: unknown): boolean {
  if (!(error instanceof StoreError)) return true;
  return (
    error.kind === 'unavailable' ||
    error.kind === 'broken' ||
    error.kind === 'timeout' ||
    error.kind === 'unknown-outcome'
  );
}
