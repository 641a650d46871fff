import type { SimTime } from '../../engine/sim/clock.ts';
import type { SeededRandom } from '../../engine/sim/random.ts';
import type { AlopexDB } from '../../index.ts';
import type { Change, Model } from './model.ts';

/** What an operation has at hand. */
export interface Turn {
  readonly db: AlopexDB;
  readonly model: Model;
  readonly random: SeededRandom;
  readonly time: SimTime;
  /** Number of the task: partitions belong to tasks. */
  readonly task: number;
}

/** A kind of work that tasks do, with its part of the model. The tables it uses are its own. */
export interface Workload {
  readonly name: string;
  /** Makes what the operations need, unless it is there. Runs after each start; a crash can come in the middle of it. */
  prepare(db: AlopexDB): Promise<void>;
  /** One operation, with its checks. What it throws is an error of the database, or a `Violation`. */
  step(turn: Turn): Promise<void>;
  /** All that is there, by partition, with nothing else at work. Throws a `Violation` when something is there that belongs to no partition. */
  readAll(db: AlopexDB): Promise<Change>;
  /** Checks that a task's part is what it was, after one of its operations has failed. */
  checkOwn(turn: Turn): Promise<void>;
}
