import { QUIET } from '../../engine/sim/seeded-faults.ts';
import { defaultMix, keys, tables, type Mix } from './mix.ts';
import type { Weather } from './weather.ts';

/** A seed that once failed. It repeats its failure for as long as workload and database make the same calls; from then on it is a seed more. */
export interface Regression {
  readonly seed: number;
  readonly operations: number;
  readonly mix: Mix;
  readonly weather?: Partial<Weather>;
  /** What was wrong. */
  readonly cause: string;
}

/** Processes that die often, mostly without the power. */
const KILLS: Partial<Weather> = { rates: { ...QUIET, crash: 1 / 15 }, powerCut: 0.4 };

export const REGRESSIONS: readonly Regression[] = [
  {
    seed: 3,
    operations: 60,
    mix: tables,
    weather: KILLS,
    cause: 'commits that a killed process had left unsynced were shown after a restart, and lost in the next power cut',
  },
  {
    seed: 6,
    operations: 60,
    mix: tables,
    weather: KILLS,
    cause: 'what a killed process had left unsynced was torn in a log file that was the last no more',
  },
  {
    seed: 41,
    operations: 60,
    mix: tables,
    weather: KILLS,
    cause: 'the name CURRENT was left unsynced by a killed process, used by the next one, and lost in a power cut',
  },
  {
    seed: 37,
    operations: 60,
    mix: tables,
    cause: 'a hole that a power cut had left in the last frame of the log was taken for damage',
  },
  {
    seed: 6,
    operations: 900,
    mix: defaultMix,
    cause: 'a table with nothing but deletes in the log was not flushed before the log was trimmed',
  },
  {
    seed: 80,
    operations: 1600,
    mix: keys,
    cause: 'a flipped bit in the header of an acknowledged frame was taken for a tear, as a torn frame came after it',
  },
];
