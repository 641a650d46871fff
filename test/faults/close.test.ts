import { expect, test } from 'vitest';
import { KeyMachine } from './key-machine.ts';
import { KEYS } from './key-scenario.ts';
import { recordCalls, runCase } from './run-case.ts';
import type { MachineFactory } from './scenario.ts';

const machines: MachineFactory = (scenario, seed) => new KeyMachine(scenario, seed);

test('a file that cannot be closed is reported, and does not keep the folder locked', async () => {
  const calls = await recordCalls(KEYS, machines, 1);
  let refused = 0;
  for (const [at, call] of calls.entries()) {
    if (call.kind !== 'close') continue;
    const { codes } = await runCase(KEYS, machines, 1, { kind: 'once', at });
    if (codes.includes('58030')) refused++;
  }
  expect(refused).toBeGreaterThan(3);
});
