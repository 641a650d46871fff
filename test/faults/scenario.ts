import type { AlopexDB, OpenOptions } from '../../index.ts';
import type { FaultPolicy } from '../../engine/sim/fault.ts';
import type { Outcome } from '../../engine/sim/scheduler.ts';

/** Everything that a database holds, as text by name. */
export type State = ReadonlyMap<string, string>;

/** One thing that is done to a database, and what it makes of what the database holds. */
export interface Step {
  readonly name: string;
  run(db: AlopexDB): Promise<unknown>;
  /** Absent when the step changes nothing that can be read. */
  readonly next?: (state: State) => State;
}

/** A machine on which a database can be opened, fail, and be opened again. */
export interface FaultyMachine {
  /** Starts a new process, which has the troubles of `policy`; what it returns opens the database in it, within `drive`. */
  startProcess(policy: FaultPolicy): Promise<() => Promise<AlopexDB>>;
  drive<T>(life: () => Promise<T>): Promise<Outcome<T>>;
  powerCut(): void;
  dispose(): void;
}

/** A short fixed script. */
export interface Scenario {
  readonly name: string;
  readonly database: Omit<OpenOptions, 'fileSystem' | 'storage' | 'machine'>;
  /** The first is before any trouble, the others are each the life of a process; each ends with `close`. */
  readonly lives: readonly (readonly Step[])[];
  /** Number of the life from whose opening on things go wrong. */
  readonly faultsFrom: number;
  /** Something more to do when all is over. */
  readonly epilogue: Step;
  read(db: AlopexDB): Promise<State>;
}

/** A machine for one case; the same seed gives the same calls. */
export type MachineFactory = (scenario: Scenario, seed: number) => FaultyMachine;
