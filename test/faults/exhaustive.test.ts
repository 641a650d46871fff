import { afterAll, describe, expect, test } from 'vitest';
import { FAULT_KINDS } from './fault-kind.ts';
import { FLIP_SUBJECTS } from './flip-subjects.ts';
import { flipBits } from './flip-subject.ts';
import { runCase } from './run-case.ts';
import { Stage } from './scenarios.ts';

/** Each day other cases than the day before; `npm run faults` runs all. A failure names the case, which runs again whatever the day. */
const ROTATION = Math.floor(Date.now() / 86_400_000);
const SEED = 1;

const stage = new Stage();

afterAll(() => {
  stage.close();
});

describe('one call after the other fails, is the last before a power cut, or is torn', () => {
  test.each([
    { name: 'keys', least: 1500, stride: 23 },
    { name: 'log-space', least: 500, stride: 23 },
    { name: 'manifest-rewrite', least: 250, stride: 31 },
    { name: 'tables', least: 600, stride: 53 },
    { name: 'compaction', least: 400, stride: 53 },
    { name: 'tiering', least: 800, stride: 53 },
    { name: 'definitions', least: 400, stride: 53 },
  ])('$name', async ({ name, least, stride }) => {
    const scenario = stage.scenario(name);
    const machines = await stage.machines(scenario);
    const cases = await stage.cases(scenario, SEED);
    expect(cases.length).toBeGreaterThan(least);
    expect(new Set(cases.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
    const codes = new Set<string>();
    for (const each of cases.filter((_, index) => index % stride === ROTATION % stride)) {
      for (const code of (await runCase(scenario, machines, SEED, each)).codes) codes.add(code);
    }
    // Something did go wrong.
    expect(codes).toContain('58030');
  });
});

describe('a flipped bit is reported with the name of the file', () => {
  test.each(Object.entries(FLIP_SUBJECTS))('%s of 64 KiB', async (_name, make) => {
    const subject = await make(64 << 10);
    const stride = Math.max(1, Math.floor((subject.bytes.length * 8) / 1500));
    const { detected, harmless } = await flipBits(subject, ROTATION % stride, stride);
    expect(detected).toBeGreaterThan(400);
    expect(harmless).toBe(0);
  });
});
