import { expect, test } from 'vitest';
import { PLANTED_BUGS, PLANTED_KEY_BUGS } from '../sim/planted-bugs.ts';
import type { FaultKind } from './fault-kind.ts';
import { applies } from './fault-kind.ts';
import { KeyMachine } from './key-machine.ts';
import { KEYS } from './key-scenario.ts';
import { Broken, recordCalls, runCase } from './run-case.ts';
import type { MachineFactory } from './scenario.ts';

const BUGS = { ...PLANTED_BUGS, ...PLANTED_KEY_BUGS };

/** Bugs that concern keys, and the kind of trouble that brings each to light. */
test.each<{ name: string; kind: FaultKind; calls: string }>([
  { name: 'the log is not synced', kind: 'cut-after', calls: 'append /data/log' },
  { name: 'the manifest is not synced', kind: 'cut-after', calls: 'append /data/manifest' },
  { name: 'segments of keys are not synced', kind: 'cut-after', calls: 'append /data/manifest' },
  { name: 'an error of a sync is swallowed', kind: 'once-then-cut', calls: 'sync /data/log' },
  { name: 'CURRENT is written in place', kind: 'cut-after', calls: '' },
])('a planted bug is found: $name', async ({ name, kind, calls }) => {
  const machines: MachineFactory = (scenario, seed) => new KeyMachine(scenario, seed, BUGS[name]);
  const recorded = await recordCalls(KEYS, machines, 1);
  let broken = 0;
  for (const [at, call] of recorded.entries()) {
    if (!applies(kind, call) || !`${call.kind} ${call.target}`.startsWith(calls)) continue;
    const found = await runCase(KEYS, machines, 1, { kind, at }).catch((error: unknown) => error);
    if (found instanceof Broken) broken++;
    if (broken > 0) break;
  }
  expect(broken).toBe(1);
});
