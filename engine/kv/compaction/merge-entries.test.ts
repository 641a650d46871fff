import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DELETE, PUT } from '../entry.ts';
import type { Write } from '../merge/test-support/history.ts';
import { hex, someHistory, someKey, someWrite, viewOf } from '../merge/test-support/history.ts';
import type { CompactionOptions } from './options.ts';
import { ModelTree } from './test-support/model-tree.ts';

/** Sizes of a few entries, so that small histories fill several levels. */
const someOptions: fc.Arbitrary<CompactionOptions> = fc.record({
  level0Segments: fc.integer({ min: 2, max: 4 }),
  level0Bytes: fc.constantFrom(0, 100, 1000),
  level0Ratio: fc.constantFrom(0, 1, 8),
  baseLevelBytes: fc.constantFrom(20, 50, 1000),
  multiplier: fc.constantFrom(2, 4),
  lastLevel: fc.integer({ min: 1, max: 4 }),
  segmentBytes: fc.constantFrom(10, 30, 80),
});

type Step =
  | { readonly do: 'flush'; readonly writes: number }
  | { readonly do: 'snapshot' | 'start' | 'finish' | 'release'; readonly which: number }
  | { readonly do: 'wait'; readonly ms: number };

const someStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('flush' as const), writes: fc.integer({ min: 1, max: 12 }) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'snapshot' as const,
        'start' as const,
        'start' as const,
        'finish' as const,
        'release' as const,
      ),
      which: fc.nat(10),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(5) }) },
);

test('every snapshot sees the same before and after compaction, in all orders of flushes, jobs and snapshots', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(someWrite, { minLength: 20, maxLength: 150, size: 'max' }),
      fc.array(someStep, { minLength: 10, maxLength: 60, size: 'max' }),
      someOptions,
      fc.array(someKey, { maxLength: 8 }),
      async (history, steps, options, keys) => {
        const tree = new ModelTree(history, options);
        const pinned: number[] = [];
        let nowMs = 0;
        const expectViews = (): void => {
          for (const snapshot of [...pinned, tree.flushedSeq]) {
            const expected = viewOf(history, snapshot, nowMs);
            expect(tree.view(snapshot, nowMs)).toEqual(expected);
            for (const key of keys) {
              expect(tree.get(key, snapshot, nowMs)).toBe(expected.find(([name]) => name === hex(key))?.[1]);
            }
          }
        };
        for (const step of steps) {
          const snapshots = pinned.toSorted((left, right) => left - right);
          if (step.do === 'flush') {
            const seq = Math.min(history.length, tree.flushedSeq + step.writes);
            // A snapshot in the middle of what is flushed, as readers of a memtable have.
            if (step.writes > 6) pinned.push(Math.max(tree.flushedSeq, seq - 3));
            await tree.flush(
              seq,
              pinned.toSorted((left, right) => left - right),
              nowMs,
            );
          } else if (step.do === 'snapshot') pinned.push(tree.flushedSeq);
          else if (step.do === 'release') pinned.splice(step.which % (pinned.length + 1), 1);
          else if (step.do === 'wait') nowMs += step.ms;
          else if (step.do === 'start') await tree.start(snapshots, nowMs);
          else tree.finish(step.which % (tree.running.length + 1));
          expectViews();
        }
        while (tree.running.length > 0) tree.finish(0);
        for (
          let jobs = 0;
          await tree.start(
            pinned.toSorted((left, right) => left - right),
            nowMs,
          );
          jobs++
        ) {
          tree.finish(0);
          expect(jobs).toBeLessThan(500);
        }
        expectViews();
      },
    ),
    { seed: 23, numRuns: 60 },
  );
});

const ONE_LEVEL: CompactionOptions = {
  level0Segments: 1,
  level0Bytes: 0,
  level0Ratio: 8,
  baseLevelBytes: 1000,
  multiplier: 10,
  lastLevel: 1,
  // So large that no segment is moved as it is.
  segmentBytes: 1e9,
};

test('at the bottom and without snapshots only live versions are left', async () => {
  await fc.assert(
    fc.asyncProperty(someHistory(), fc.nat(20), async (history, nowMs) => {
      fc.pre(history.length > 0);
      const tree = new ModelTree(history, ONE_LEVEL);
      await tree.flush(Math.ceil(history.length / 2), [], nowMs);
      await tree.flush(history.length, [], nowMs);
      while (await tree.start([], nowMs)) tree.finish(0);
      expect(tree.size).toBe(viewOf(history, history.length, nowMs).length);
    }),
    { seed: 29, numRuns: 100 },
  );
});

test('a snapshot keeps what it sees, and no more', async () => {
  const key = Uint8Array.of(1);
  const put = (value: number): Write => ({ type: 'put', key, value: Uint8Array.of(value), expiresMs: 0 });
  const history: Write[] = [put(1), put(2), put(3), { type: 'delete', key }, put(5), { type: 'delete', key }];
  const seqsWith = async (snapshots: number[]): Promise<number> => {
    const tree = new ModelTree(history, ONE_LEVEL);
    await tree.flush(3, snapshots, 0);
    await tree.flush(6, snapshots, 0);
    while (await tree.start(snapshots, 0)) tree.finish(0);
    return tree.size;
  };
  expect(await seqsWith([])).toBe(0);
  expect(await seqsWith([2])).toBe(2);
  expect(await seqsWith([2, 3])).toBe(3);
  expect(await seqsWith([4])).toBe(1);
  expect(await seqsWith([5])).toBe(2);
});

test('what has expired is written as a deletion where older versions may be', async () => {
  const history: Write[] = [{ type: 'put', key: Uint8Array.of(1), value: Uint8Array.of(1), expiresMs: 5 }];
  const tree = new ModelTree(history, ONE_LEVEL);
  await tree.flush(1, [], 4);
  expect(tree.entries()).toMatchObject([{ kind: PUT, expiresMs: 5 }]);
  const later = new ModelTree(history, ONE_LEVEL);
  await later.flush(1, [], 5);
  expect(later.entries()).toEqual([
    { key: Uint8Array.of(1), seq: 1, kind: DELETE, expiresMs: 0, value: new Uint8Array(0) },
  ]);
});
