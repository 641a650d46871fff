import { QUIET, type FaultRates } from '../../engine/sim/seeded-faults.ts';
import type { SeededRandom } from '../../engine/sim/random.ts';

/** What kind of a world a seed is: some have every kind of trouble, some have much of one kind, some have none at all. */
export interface Weather {
  readonly rates: FaultRates;
  /** Of a process that dies, how often the power goes with it. */
  readonly powerCut: number;
  /** Before a restart, how often a bit of a file has flipped. */
  readonly bitFlip: number;
  /** For each operation, how often the clock is set. */
  readonly clockJump: number;
  /** Operations after which a process ends in good order. */
  readonly operationsPerProcess: number;
}

/** Calls between two faults of a kind, where it occurs. */
const CALLS = [100, 300, 1000, 3000];

export function drawWeather(random: SeededRandom): Weather {
  const rate = (): number => (random.chance(0.4) ? 0 : 1 / random.pick(CALLS));
  return {
    rates: {
      ...QUIET,
      readError: rate(),
      writeError: rate(),
      syncError: rate(),
      diskFull: rate(),
      diskFullCalls: random.between(1, 20),
      shortRead: rate(),
      // The store is asked rarely.
      storeError: rate() * 10,
      crash: random.chance(0.15) ? 0 : 1 / random.pick(CALLS),
    },
    powerCut: random.pick([0.5, 0.8, 1]),
    bitFlip: random.chance(0.5) ? 0 : 0.2,
    clockJump: random.chance(0.5) ? 0 : 0.02,
    operationsPerProcess: random.pick([100, 400, 2000]),
  };
}

/** Much of everything that a disk can do wrong: for short runs that are to find something. */
export const STORM: Weather = {
  rates: { ...QUIET, writeError: 1 / 200, syncError: 1 / 60, storeError: 1 / 200, crash: 1 / 25 },
  powerCut: 0.7,
  bitFlip: 0,
  clockJump: 0,
  operationsPerProcess: 100,
};
