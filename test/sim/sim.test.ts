import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FaultCounters } from '../../engine/sim/fault.ts';
import { Kernels } from './kernels.ts';
import { REGRESSIONS } from './regressions.ts';
import { simulate } from './simulate.ts';

const SEEDS = [101, 102, 103, 104, 105, 106];
const OPERATIONS = 400;

let kernels: Kernels;

beforeAll(async () => {
  kernels = await Kernels.open();
});

afterAll(() => {
  kernels.close();
});

test('seeds run without a broken promise, and something goes wrong in them', async () => {
  const counters = new FaultCounters();
  for (const seed of SEEDS) {
    const result = await simulate(seed, { kernels, operations: OPERATIONS, counters });
    expect(result.violation, `seed ${seed}`).toBeUndefined();
    expect(result.operations).toBe(OPERATIONS);
  }
  expect(counters.counts.get('power cut')).toBeGreaterThan(3);
});

test('a seed that runs again makes the same calls with the same outcomes', async () => {
  const options = { kernels, operations: 300, keepTrace: true };
  const first = await simulate(SEEDS[0] ?? 0, options);
  const second = await simulate(SEEDS[0] ?? 0, options);
  expect(second.trace).toEqual(first.trace);
  expect(second.fingerprint).toBe(first.fingerprint);
  const other = await simulate(SEEDS[1] ?? 0, options);
  expect(other.fingerprint).not.toBe(first.fingerprint);
});

describe('seeds that failed once', () => {
  test.each(REGRESSIONS)('$seed: $cause', async ({ seed, operations, mix, weather = {} }) => {
    const result = await simulate(seed, { kernels, operations, mix, weather });
    expect(result.violation).toBeUndefined();
  });
});
