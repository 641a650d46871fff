import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

const IDLE_MS = 0.01;

/** Of a writer alone on a disk that takes so long. */
function settled(writeMs: number): Pace {
  const pace = new Pace();
  for (let commit = 0; commit < 50; commit++) {
    const isForNow = pace.isForNow(1, 100, IDLE_MS);
    pace.measured(100, writeMs, isForNow);
  }
  return pace;
}

test('one writer alone writes within the call, once the disk is known to be quick', () => {
  const pace = new Pace();
  expect(pace.isForNow(1, 100, IDLE_MS)).toBe(false);
  expect(pace.isForNow(1, 100, IDLE_MS)).toBe(false);
  pace.measured(100, 0.2, false);
  expect(pace.isForNow(1, 100, IDLE_MS)).toBe(true);
});

test('commits that came together do not, nor does the one after them', () => {
  const pace = settled(0.2);
  expect(pace.isForNow(2, 200, IDLE_MS)).toBe(false);
  expect(pace.isForNow(1, 100, IDLE_MS)).toBe(false);
  expect(pace.isForNow(1, 100, IDLE_MS)).toBe(true);
});

test('neither does a long write, nor one in a process that has more to do', () => {
  const pace = settled(0.2);
  expect(pace.isForNow(1, 65_537, IDLE_MS)).toBe(false);
  expect(pace.isForNow(1, 65_536, IDLE_MS)).toBe(true);
  expect(pace.isForNow(1, 100, 0.5)).toBe(false);
});

test('a disk that gets slow is left to another thread until it is quick again', () => {
  const pace = settled(0.2);
  const untilChange = (writeMs: number, from: boolean): number => {
    for (let commit = 0; commit < 100; commit++) {
      if (pace.isForNow(1, 100, IDLE_MS) !== from) return commit;
      pace.measured(100, writeMs, from);
    }
    return Infinity;
  };
  expect(untilChange(5, true)).toBeLessThan(3);
  expect(untilChange(0.2, false)).toBeLessThan(40);
  // What takes long because it is long says nothing about small writes.
  pace.measured(1_000_000, 20, false);
  expect(pace.isForNow(1, 100, IDLE_MS)).toBe(true);
});

test('a slow disk is tried now and then, as the threads may be what is slow', () => {
  const pace = settled(20);
  const tries = (writeMs: (isForNow: boolean) => number): number => {
    let count = 0;
    for (let commit = 0; commit < 330; commit++) {
      const isForNow = pace.isForNow(1, 100, IDLE_MS);
      if (isForNow) count++;
      pace.measured(100, writeMs(isForNow), isForNow);
    }
    return count;
  };
  expect(tries(() => 20)).toBeLessThanOrEqual(11);
  expect(tries((isForNow) => (isForNow ? 0.2 : 500))).toBeGreaterThan(11);
});
