import type { Fault, FaultPolicy, IoCall, IoKind } from '../../engine/sim/fault.ts';

/** What goes wrong at one call, or from one call on. */
export type FaultKind =
  /** EIO, once. A sync that fails forgets what it was to make safe, as Linux does. */
  | 'once'
  /** The same, and the power goes when the process has ended: what was acknowledged was not to rest on the cache. */
  | 'once-then-cut'
  /** EIO, once, though the call was done: only its answer is lost. */
  | 'lost-answer'
  | 'eio-for-ever'
  /** Whatever needs room is refused from there on. */
  | 'full-for-ever'
  | 'cut-before'
  | 'cut-after'
  /** The power goes in the middle of the call. */
  | 'torn';

export const FAULT_KINDS: readonly FaultKind[] = [
  'once',
  'once-then-cut',
  'lost-answer',
  'eio-for-ever',
  'full-for-ever',
  'cut-before',
  'cut-after',
  'torn',
];

const SYNCS: ReadonlySet<IoKind> = new Set(['sync', 'sync-file', 'sync-folder']);
const WRITES: ReadonlySet<IoKind> = new Set(['append', 'reserve', 'write', 'truncate', 'kernel-write']);
const CHANGES: ReadonlySet<IoKind> = new Set([
  ...SYNCS,
  ...WRITES,
  'open',
  'make-folder',
  'remove',
  'remove-folder',
  'store-write',
]);
const GROWS: ReadonlySet<IoKind> = new Set(['open', 'append', 'reserve', 'write', 'make-folder', 'kernel-write']);

/** Work of the native kernel in memory is no input or output. */
export function isIo(call: IoCall): boolean {
  return call.kind !== 'kernel';
}

/** Whether a kind of trouble can befall a call, and differs there from every other kind. */
export function applies(fault: FaultKind, { kind }: IoCall): boolean {
  switch (fault) {
    case 'once':
    case 'eio-for-ever':
      return true;
    case 'once-then-cut':
      return SYNCS.has(kind) || WRITES.has(kind);
    case 'lost-answer':
      return CHANGES.has(kind);
    case 'full-for-ever':
      return GROWS.has(kind);
    // A power cut before a read is the one after the change before it.
    case 'cut-before':
    case 'cut-after':
      return CHANGES.has(kind);
    case 'torn':
      return WRITES.has(kind);
  }
}

/** Calls after which a process that can do nothing right has to have given up. */
const MAX_FAULTS = 2_000;

/** Lets the calls before number `at` (from 0) pass, and has one kind of trouble for it. */
export class FaultAt implements FaultPolicy {
  readonly #kind: FaultKind;
  readonly #at: number;
  #calls = 0;
  #faults = 0;
  #target: IoCall | undefined;

  constructor(kind: FaultKind, at: number) {
    this.#kind = kind;
    this.#at = at;
  }

  /** The call that it befell first, if it has come to that. */
  get target(): IoCall | undefined {
    return this.#target;
  }

  /** Whether the database went on and on trying. */
  get isExhausted(): boolean {
    return this.#faults > MAX_FAULTS;
  }

  /** Whether the power goes at the end of a process, which did not die by it. */
  get cutsPower(): boolean {
    return this.#kind === 'once-then-cut' && this.#target !== undefined;
  }

  decide(call: IoCall): Fault | undefined {
    if (!isIo(call)) return undefined;
    const number = this.#calls++;
    if (number < this.#at) return undefined;
    this.#target ??= call;
    const fault = this.#faultOf(call, number);
    if (fault !== undefined && ++this.#faults > MAX_FAULTS) return { kind: 'crash', done: 'nothing' };
    return fault;
  }

  #faultOf(call: IoCall, number: number): Fault | undefined {
    const error = { kind: 'error', code: 'EIO', done: SYNCS.has(call.kind) ? 'dropped' : 'nothing' } as const;
    if (this.#kind === 'eio-for-ever') return error;
    if (this.#kind === 'full-for-ever') {
      return GROWS.has(call.kind) ? { kind: 'error', code: 'ENOSPC', done: partOf(call) } : undefined;
    }
    if (number > this.#at) return undefined;
    switch (this.#kind) {
      case 'once':
      case 'once-then-cut':
        return error;
      case 'lost-answer':
        return { kind: 'error', code: 'EIO', done: 'all' };
      case 'cut-before':
        return { kind: 'crash', done: 'nothing' };
      case 'cut-after':
        return { kind: 'crash', done: 'all' };
      case 'torn':
        return { kind: 'crash', done: 'part' };
    }
  }
}

/** What fits is written. */
function partOf({ kind }: IoCall): 'part' | 'nothing' {
  return kind === 'append' || kind === 'reserve' || kind === 'kernel-write' ? 'part' : 'nothing';
}

/** Writes down the calls of a run in which nothing goes wrong. */
export class CallRecorder implements FaultPolicy {
  readonly calls: IoCall[] = [];

  decide(call: IoCall): undefined {
    if (isIo(call)) this.calls.push(call);
  }
}
