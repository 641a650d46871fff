import { expect, test } from 'vitest';
import { LimitedFiles } from '../access/test-support/limited-files.ts';
import { ManualClock } from '../access/test-support/manual-clock.ts';
import { openStore, type OpenStore } from '../access/test-support/open-store.ts';

const VALUE = 'v'.repeat(2000);

/** Writes until it is refused; returns the keys that were stored. */
async function fill({ kv }: OpenStore, from = 0): Promise<{ stored: string[]; refusal: unknown }> {
  const stored: string[] = [];
  for (let number = from; number < from + 500; number++) {
    try {
      await kv.put(`k${number}`, VALUE);
      stored.push(`k${number}`);
    } catch (refusal) {
      return { stored, refusal };
    }
  }
  throw new Error('nothing was refused');
}

async function expectStored({ kv }: OpenStore, keys: readonly string[]): Promise<void> {
  for (const key of keys) expect(Buffer.from((await kv.get(key)) ?? []).toString(), key).toBe(VALUE);
}

test('without room for segments writes are refused when memory is full, reads go on, and all goes on with room', async () => {
  const files = new LimitedFiles();
  const clock = new ManualClock();
  const store = await openStore({ files, clock });
  files.full = '/kv/';
  clock.holds = true;
  const { stored, refusal } = await fill(store);
  expect(stored.length).toBeGreaterThan(8);
  expect(refusal).toMatchObject({
    code: '53100',
    hint: expect.stringContaining('Free disk space'),
  });
  expect(store.warnings.map(({ code }) => code)).toEqual(['53100']);
  await expectStored(store, stored);
  // It is not tried again at every write.
  await expect(store.kv.put('more', VALUE)).rejects.toMatchObject({ code: '53100' });
  await expect(store.kv.flush()).rejects.toMatchObject({ code: '53100' });
  expect(store.warnings).toHaveLength(1);
  files.full = undefined;
  clock.holds = false;
  clock.wake();
  await turn();
  await store.kv.put('more', VALUE);
  await store.kv.flush();
  await store.kv.settled();
  expect(store.context.manifest.state.kv.segments.length).toBeGreaterThan(0);
  await expectStored(store, [...stored, 'more']);
  await store.close();
  const again = await openStore({ files });
  await expectStored(again, [...stored, 'more']);
  await again.close();
});

test('what a full disk refused is not there, and what it took is, after a restart', async () => {
  const files = new LimitedFiles();
  const clock = new ManualClock();
  const store = await openStore({ files, clock });
  files.full = '/kv/';
  clock.holds = true;
  const { stored } = await fill(store);
  const left = files.copy();
  await store.close();
  const again = await openStore({ files: left });
  await expectStored(again, stored);
  expect(await again.kv.has(`k${stored.length}`)).toBe(false);
  await again.kv.flush();
  await expectStored(again, stored);
  await again.close();
});

test('a full disk during compactions stops no write before level 0 is full, and then says so', async () => {
  const files = new LimitedFiles();
  const clock = new ManualClock();
  const store = await openStore({ files, clock });
  const compactions = { fail: true };
  const run = store.context.jobs.run.bind(store.context.jobs);
  store.context.jobs.run = (job, signal) => {
    if (job.kind === 'compact' && compactions.fail) {
      return Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }));
    }
    return run(job, signal);
  };
  const { stored, refusal } = await fill(store);
  expect(refusal).toMatchObject({ code: '53100' });
  expect(store.kv.metrics().levels[0]?.segmentCount).toBe(24);
  await expectStored(store, stored);
  await expect(store.kv.settled()).rejects.toMatchObject({ code: '53100' });
  compactions.fail = false;
  await turn();
  for (let number = 0; number < 50; number++) await store.kv.put(`after ${number}`, VALUE);
  await store.kv.settled();
  expect(store.kv.metrics().levels[0]?.segmentCount ?? 0).toBeLessThan(24);
  await expectStored(store, [...stored, 'after 49']);
  await store.close();
});

test('without room for the log nothing more is acknowledged, and all that was is there when it is opened again', async () => {
  const files = new LimitedFiles();
  const store = await openStore({ files });
  for (let number = 0; number < 5; number++) await store.kv.put(`k${number}`, VALUE);
  files.full = '/log/';
  await expect(store.kv.put('more', VALUE)).rejects.toMatchObject({ code: '58030' });
  files.full = undefined;
  await expect(store.kv.put('later', VALUE)).rejects.toMatchObject({ code: '57P03' });
  await store.close();
  const again = await openStore({ files });
  await expectStored(again, ['k0', 'k1', 'k2', 'k3', 'k4']);
  expect(await again.kv.has('more')).toBe(false);
  expect(await again.kv.has('later')).toBe(false);
  await again.close();
});

/** Lets timers and what hangs on them run. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
}
