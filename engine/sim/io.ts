import { InjectedError, type Extent, type Fault, type FaultCounters, type FaultPolicy, type IoCall } from './fault.ts';
import type { SimProcess } from './scheduler.ts';
import type { Trace } from './trace.ts';

/** Does a call, in part only when the world has it so. */
export type Perform<T> = (extent: Extent) => T | Promise<T>;

const CRASH_NAMES: Readonly<Record<Extent, string>> = {
  nothing: 'crash before a call',
  part: 'crash in the middle of a call',
  all: 'crash after a call',
  dropped: 'crash after a failed sync',
};

/** The one way from a simulated process to the world outside: every call waits for its turn, may fail, and is traced. */
export class SimIo {
  readonly process: SimProcess;
  readonly #policy: FaultPolicy;
  readonly #counters: FaultCounters;
  readonly #trace: Trace;

  constructor(process: SimProcess, policy: FaultPolicy, counters: FaultCounters, trace: Trace) {
    this.process = process;
    this.#policy = policy;
    this.#counters = counters;
    this.#trace = trace;
  }

  /** `detail` tells two calls of the same kind and target apart in the trace. */
  call<T>(call: IoCall, perform: Perform<T>, detail = ''): Promise<T> {
    return this.process.perform(() => {
      const fault = this.#policy.decide(call);
      this.#trace.add(`${call.kind} ${call.target} ${detail}${fault === undefined ? '' : faultText(fault)}`);
      if (fault === undefined || fault.kind === 'short') return this.#answered(call, perform('all'));
      return this.#faulted(call, fault, perform);
    });
  }

  /** For calls that are answered at once. */
  callNow<T>(call: IoCall, perform: (isShort: boolean) => T): T {
    if (!this.process.isAlive) throw new InjectedError('EIO', call);
    const fault = this.#policy.decide(call);
    this.#trace.add(`${call.kind} ${call.target}${fault === undefined ? '' : faultText(fault)}`);
    if (fault?.kind === 'error') {
      this.#counters.count(`${fault.code} on ${call.kind}`);
      throw new InjectedError(fault.code, call);
    }
    if (fault?.kind === 'short') this.#counters.count('short read');
    return perform(fault?.kind === 'short');
  }

  /** As `call`, for what is done before the call returns; a process that dies in it goes on to its next call. */
  callOutright(call: IoCall, perform: (extent: Extent) => void, detail = ''): void {
    if (!this.process.isAlive) throw new InjectedError('EIO', call);
    this.#counters.count(`${call.kind} within its call`);
    const fault = this.#policy.decide(call);
    this.#trace.add(`${call.kind} ${call.target} ${detail} at once${fault === undefined ? '' : faultText(fault)}`);
    if (fault === undefined || fault.kind === 'short') {
      perform('all');
      return;
    }
    this.#counters.count(fault.kind === 'crash' ? CRASH_NAMES[fault.done] : errorName(call, fault));
    try {
      if (fault.done !== 'nothing') perform(fault.done);
    } finally {
      if (fault.kind === 'crash') this.process.die();
    }
    throw new InjectedError(fault.kind === 'crash' ? 'EIO' : fault.code, call);
  }

  #answered<T>(call: IoCall, result: T | Promise<T>): T | Promise<T> {
    if (!(result instanceof Promise)) return result;
    return result.catch((error: unknown) => {
      this.#trace.add(`${call.kind} failed: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    });
  }

  async #faulted<T>(call: IoCall, fault: Exclude<Fault, { kind: 'short' }>, perform: Perform<T>): Promise<T> {
    this.#counters.count(fault.kind === 'crash' ? CRASH_NAMES[fault.done] : errorName(call, fault));
    try {
      if (fault.done !== 'nothing') await perform(fault.done);
    } finally {
      if (fault.kind === 'crash') this.process.die();
    }
    // A dead process does not hear of it.
    throw new InjectedError(fault.kind === 'crash' ? 'EIO' : fault.code, call);
  }
}

function errorName(call: IoCall, fault: Fault & { kind: 'error' }): string {
  if (call.kind === 'store-write' && fault.done === 'all') return 'lost answer of the store';
  return `${fault.code} on ${call.kind}`;
}

function faultText(fault: Fault): string {
  return ` -> ${fault.kind}${'code' in fault ? ` ${fault.code}` : ''}${'done' in fault ? ` ${fault.done}` : ''}`;
}
