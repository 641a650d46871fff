import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kernels } from './kernels.ts';
import { keys, tables, type Mix } from './mix.ts';
import { Violation } from './model.ts';
import { PLANTED_BUGS, PLANTED_KEY_BUGS } from './planted-bugs.ts';
import { simulate } from './simulate.ts';
import { STORM } from './weather.ts';
import type { PlantedBug } from './world.ts';

/** Seeds within which every bug must show. */
const SEEDS = 40;

let kernels: Kernels;

beforeAll(async () => {
  kernels = await Kernels.open();
});

afterAll(() => {
  kernels.close();
});

async function find(bug: PlantedBug, mix: Mix, operations: number): Promise<void> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violation } = await simulate(seed, { kernels, operations, mix, weather: STORM, bug });
    if (violation === undefined) continue;
    expect(violation).toBeInstanceOf(Violation);
    return;
  }
  expect.fail(`not found within ${SEEDS} seeds`);
}

test.each(Object.entries(PLANTED_BUGS))('tables: %s, and that is found', (_name, bug) => find(bug, tables, 40));

test.each(Object.entries(PLANTED_KEY_BUGS))('keys: %s, and that is found', (_name, bug) => find(bug, keys, 300));
