/** What a simulated process asks of the world outside. */
export type IoKind =
  | 'open'
  | 'append'
  | 'reserve'
  | 'sync'
  | 'close'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync-file'
  | 'sync-folder'
  | 'make-folder'
  | 'list'
  | 'size'
  | 'remove'
  | 'remove-folder'
  | 'read-at'
  | 'kernel'
  | 'kernel-write'
  | 'store-read'
  | 'store-write';

export interface IoCall {
  readonly kind: IoKind;
  /** File, object or statement. */
  readonly target: string;
}

/** How much of a call is done all the same. `dropped` is for a sync that fails: what it was to make safe is forgotten, as Linux does. */
export type Extent = 'nothing' | 'part' | 'all' | 'dropped';

/** What becomes of a call instead of its answer. */
export type Fault =
  | { readonly kind: 'error'; readonly code: 'EIO' | 'ENOSPC'; readonly done: Extent }
  /** The process dies before, in the middle of, or right after the call. */
  | { readonly kind: 'crash'; readonly done: Extent }
  /** For `read-at`: fewer bytes than asked for. */
  | { readonly kind: 'short' };

/** Decides about every call, in the order in which they are made. */
export interface FaultPolicy {
  decide(call: IoCall): Fault | undefined;
}

export const NO_FAULTS: FaultPolicy = { decide: () => undefined };

/** An error that the simulation made up; its code is that of a real one. */
export class InjectedError extends Error {
  readonly code: string;

  constructor(code: string, call: IoCall) {
    super(`${code}: simulated, ${call.kind} ${call.target}`);
    this.code = code;
  }
}

/** Whether an error comes from an injected one, directly or by its causes. */
export function isInjected(error: unknown): boolean {
  if (error instanceof InjectedError) return true;
  if (error instanceof AggregateError && error.errors.some(isInjected)) return true;
  return error instanceof Error && error.cause !== undefined && isInjected(error.cause);
}

/** How often each thing went wrong. */
export class FaultCounters {
  readonly #counts = new Map<string, number>();

  count(name: string, times = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}
