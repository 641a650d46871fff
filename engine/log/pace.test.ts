import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

/** Of a writer alone on a disk that takes so long. */
function settled(writeMs: number): Pace {
  const pace = new Pace();
  for (let commit = 0; commit < 50; commit++) pace.wrote(1, 100, writeMs, pace.isForNow(100));
  return pace;
}

test('one writer alone writes within the call, once the disk is known to be quick', () => {
  const pace = new Pace();
  expect(pace.isForNow(100)).toBe(false);
  pace.wrote(1, 100, 0.2, false);
  expect(pace.isForNow(100)).toBe(true);
});

test('commits that came together do not, nor does the one after them', () => {
  const pace = settled(0.2);
  pace.wrote(2, 200, 0.2, false);
  expect(pace.isForNow(100)).toBe(false);
  pace.wrote(1, 100, 0.2, false);
  expect(pace.isForNow(100)).toBe(true);
  pace.met();
  expect(pace.isForNow(100)).toBe(false);
});

test('neither does a long write, nor one in a process that has more to do', () => {
  const pace = settled(0.2);
  expect(pace.isForNow(65_537)).toBe(false);
  expect(pace.isForNow(65_536)).toBe(true);
  // Once is an accident.
  pace.turned(20, 0);
  expect(pace.isForNow(100)).toBe(true);
  pace.turned(20, 1);
  expect(pace.isForNow(100)).toBe(false);
  for (let turn = 2; turn < 9; turn++) pace.turned(0.01, turn);
  expect(pace.isForNow(100)).toBe(true);
});

test('others have their turn every millisecond', () => {
  const pace = new Pace();
  expect(pace.isTurnDue(0)).toBe(true);
  pace.turned(0.01, 5);
  expect(pace.isTurnDue(5.9)).toBe(false);
  expect(pace.isTurnDue(6)).toBe(true);
});

test('a disk that gets slow is left to another thread until it is quick again', () => {
  const pace = settled(0.2);
  const untilChange = (writeMs: number, from: boolean): number => {
    for (let commit = 0; commit < 100; commit++) {
      if (pace.isForNow(100) !== from) return commit;
      pace.wrote(1, 100, writeMs, from);
    }
    return Infinity;
  };
  expect(untilChange(5, true)).toBeLessThan(3);
  expect(untilChange(0.2, false)).toBeLessThan(40);
  // What takes long because it is long says nothing about small writes.
  pace.wrote(1, 1_000_000, 20, false);
  expect(pace.isForNow(100)).toBe(true);
});

test('a slow disk is tried now and then, as the threads may be what is slow', () => {
  const pace = settled(20);
  const tries = (writeMs: (isForNow: boolean) => number): number => {
    let count = 0;
    for (let commit = 0; commit < 330; commit++) {
      const isForNow = pace.isForNow(100);
      if (isForNow) count++;
      pace.wrote(1, 100, writeMs(isForNow), isForNow);
    }
    return count;
  };
  expect(tries(() => 20)).toBeLessThanOrEqual(11);
  expect(tries((isForNow) => (isForNow ? 0.2 : 500))).toBeGreaterThan(11);
});
