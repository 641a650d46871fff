import { NO_FAULTS, type FaultPolicy, type IoCall } from '../../engine/sim/fault.ts';
import { AlopexError, type AlopexDB } from '../../index.ts';
import { CallRecorder, FaultAt, type FaultKind } from './fault-kind.ts';
import type { FaultyMachine, MachineFactory, Scenario, State, Step } from './scenario.ts';

/** A promise that the database has broken. */
export class Broken extends Error {}

export interface FaultCase {
  readonly kind: FaultKind;
  /** Number of the call, from 0. */
  readonly at: number;
}

export interface CaseReport {
  readonly target: IoCall | undefined;
  /** SQLSTATEs of the errors that it led to. */
  readonly codes: readonly string[];
}

/** The input and output of a run in which nothing goes wrong, from the life on that is tried. */
export async function recordCalls(scenario: Scenario, machines: MachineFactory, seed: number): Promise<IoCall[]> {
  const recorder = new CallRecorder();
  await new Run(scenario, machines(scenario, seed), recorder).run();
  return recorder.calls;
}

/** Runs the script with one fault, heals the machine, and checks that what was acknowledged is there, and goes on. */
export async function runCase(
  scenario: Scenario,
  machines: MachineFactory,
  seed: number,
  { kind, at }: FaultCase,
): Promise<CaseReport> {
  const policy = new FaultAt(kind, at);
  const run = new Run(scenario, machines(scenario, seed), policy);
  const unhandled: unknown[] = [];
  const hear = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', hear);
  try {
    await run.run();
    if (policy.target === undefined) throw new Broken('the call was never made');
    if (policy.isExhausted) throw new Broken('the database tries for ever');
    if (unhandled.length > 0) throw new Broken('an error was handled by nobody', { cause: unhandled[0] });
  } catch (error) {
    const call = policy.target === undefined ? 'no call' : `${policy.target.kind} ${policy.target.target}`;
    throw new Broken(`${scenario.name}, seed ${seed}, ${kind} at call ${at} (${call}): ${textOf(error)}`, {
      cause: error,
    });
  } finally {
    process.off('unhandledRejection', hear);
  }
  return { target: policy.target, codes: run.codes };
}

/** How a life of a process came to its end. */
type End = 'closed' | 'failed' | 'crashed';

class Run {
  readonly codes: string[] = [];
  readonly #scenario: Scenario;
  readonly #machine: FaultyMachine;
  readonly #policy: FaultPolicy & { readonly cutsPower?: boolean };
  #state: State = new Map();
  /** What a restart may find instead: a change that was not acknowledged has happened or not. */
  #undecided: State | undefined;

  constructor(scenario: Scenario, machine: FaultyMachine, policy: FaultPolicy & { readonly cutsPower?: boolean }) {
    this.#scenario = scenario;
    this.#machine = machine;
    this.#policy = policy;
  }

  async run(): Promise<void> {
    const { lives, faultsFrom, epilogue } = this.#scenario;
    try {
      for (const [number, steps] of lives.entries()) {
        const isTried = number >= faultsFrom;
        const end = await this.#live(steps, isTried ? this.#policy : NO_FAULTS, isTried);
        if (end === 'crashed' || this.#policy.cutsPower === true) this.#machine.powerCut();
        // After trouble that ends a life, the machine is healed.
        if (end !== 'closed') break;
      }
      await this.#quietly([epilogue]);
      // What was read back was safe, and what was written then is.
      this.#machine.powerCut();
      await this.#quietly([]);
    } finally {
      this.#machine.dispose();
    }
  }

  async #quietly(steps: readonly Step[]): Promise<void> {
    const end = await this.#live(steps, NO_FAULTS, false);
    if (end !== 'closed') throw new Broken(`on a healed machine the database has ${end}`);
  }

  async #live(steps: readonly Step[], policy: FaultPolicy, mayFail: boolean): Promise<End> {
    const open = await this.#machine.startProcess(policy);
    let end: End = 'closed';
    const outcome = await this.#machine.drive(async () => {
      const db = await this.#attempt(open, mayFail, 'open');
      if (db === undefined) return 'failed';
      if ((await this.#attempt(() => this.#settle(db), mayFail, 'read after opening')) === undefined) end = 'failed';
      for (const step of steps) {
        if (end !== 'closed') break;
        if (!(await this.#step(db, step, mayFail))) end = 'failed';
      }
      if ((await this.#attempt(async () => (await db.close(), true), mayFail, 'close')) === undefined) end = 'failed';
      return end;
    });
    if (outcome.kind === 'crashed') return 'crashed';
    if (outcome.kind === 'failed') throw outcome.error;
    return outcome.value;
  }

  /** What is there after opening: what was acknowledged, and of the change under way all or nothing. */
  async #settle(db: AlopexDB): Promise<true> {
    const found = await this.#scenario.read(db);
    if (this.#undecided !== undefined && isSame(found, this.#undecided)) this.#state = this.#undecided;
    else this.#expectState(found, 'after opening');
    this.#undecided = undefined;
    return true;
  }

  /** Does a step, twice when it fails at first and nothing of it has happened. Returns whether it was done. */
  async #step(db: AlopexDB, step: Step, mayFail: boolean): Promise<boolean> {
    const next = step.next?.(this.#state) ?? this.#state;
    for (let attempt = 0; attempt < (mayFail ? 2 : 1); attempt++) {
      this.#undecided = next;
      const done = await this.#attempt(async () => (await step.run(db), true), mayFail, step.name);
      if (done !== undefined) {
        this.#state = next;
        this.#undecided = undefined;
      }
      // What changes files only must change nothing that can be read; what failed has not happened while the database goes on.
      const isRead = done !== undefined && step.next !== undefined ? true : await this.#check(db, mayFail, step.name);
      if (done !== undefined || !isRead) return isRead;
    }
    return false;
  }

  /** Compares all that can be read. One failed read is no reason for more of them to fail. */
  async #check(db: AlopexDB, mayFail: boolean, name: string): Promise<boolean> {
    const check = async (): Promise<true> => {
      this.#expectState(await this.#scenario.read(db), `after ${name}`);
      return true;
    };
    const isRead = await this.#attempt(check, mayFail, `read after ${name}`);
    return (isRead ?? (await this.#attempt(check, mayFail, `read again after ${name}`))) === true;
  }

  /** Does something that may fail, in a way that users can understand. */
  async #attempt<T>(work: () => Promise<T>, mayFail: boolean, action: string): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Broken) throw error;
      if (!mayFail) throw new Broken(`${action} fails on a healed machine: ${textOf(error)}`, { cause: error });
      this.codes.push(clearCode(error, action));
      return undefined;
    }
  }

  #expectState(found: State, moment: string): void {
    if (isSame(found, this.#state)) return;
    throw new Broken(`${moment}: ${difference(this.#state, found)}`);
  }
}

/** Codes that trouble with files and stores may have; a database that has stopped, and a move that is unsettled, stand in the way later. */
const CLEAR_CODES: ReadonlySet<string> = new Set(['58030', '53100', '57P03', '55006']);

function clearCode(error: unknown, action: string): string {
  if (error instanceof AlopexError && CLEAR_CODES.has(error.code) && error.message !== '') return error.code;
  throw new Broken(`${action} fails with an unclear error: ${textOf(error)}`, { cause: error });
}

function isSame(left: State, right: State): boolean {
  return left.size === right.size && [...left].every(([name, value]) => right.get(name) === value);
}

function difference(expected: State, found: State): string {
  const names = [...new Set([...expected.keys(), ...found.keys()])];
  const differing = names.filter((name) => expected.get(name) !== found.get(name));
  const lines = differing.map((name) => `${name}: expected ${expected.get(name)}, found ${found.get(name)}`);
  return lines.slice(0, 4).join('; ') + (lines.length > 4 ? ` and ${lines.length - 4} more` : '');
}

export function textOf(error: unknown): string {
  const lines: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    lines.push(`${'code' in cause ? `${String(cause.code)} ` : ''}${cause.message}`);
  }
  return lines.length === 0 ? String(error) : lines.join(' <- ');
}
