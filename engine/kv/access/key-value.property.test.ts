import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Durability } from '../../log/log.ts';
import { storeCommand } from './test-support/store-command.ts';
import { StorePair } from './test-support/store-pair.ts';

test.each<{ durability: Durability; seed: number }>([
  { durability: 'full', seed: 31 },
  { durability: 'interval', seed: 32 },
  { durability: 'none', seed: 33 },
])('any history of commands leaves what the model has, durability $durability', async ({ durability, seed }) => {
  let flushes = 0;
  let compactions = 0;
  const histories = fc.array(storeCommand, { minLength: 60, maxLength: 150, size: 'max' });
  const property = fc.asyncProperty(histories, async (commands) => {
    const pair = await StorePair.open(durability);
    try {
      for (const command of commands) await pair.apply(command);
      await pair.compareAll();
    } finally {
      await pair.close();
    }
    flushes += pair.flushes;
    compactions += pair.compactions;
  });
  await fc.assert(property, { seed, numRuns: 12 });
  expect(flushes).toBeGreaterThan(50);
  expect(compactions).toBeGreaterThan(10);
});
