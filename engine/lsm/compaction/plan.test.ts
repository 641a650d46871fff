import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CompactionSegment } from './compaction-segment.ts';
import { isSmall, planCompaction, planVacuum, type CompactionOptions } from './plan.ts';
import { ModelTier } from './test-support/model-tier.ts';

const MB = 1 << 20;
const SORTED: CompactionOptions = { mergeSegments: 4, segmentBytes: 128 * MB, isSorted: true };
const UNSORTED: CompactionOptions = { ...SORTED, isSorted: false };

function segment(fileId: number, sizeBytes: number, more: Partial<CompactionSegment> = {}): CompactionSegment {
  const range = { lower: 0, upper: 1 };
  return {
    fileId,
    name: `${fileId}`,
    sizeBytes,
    rowCount: 1000,
    deletedRows: 0,
    run: fileId,
    generation: 0,
    range,
    ...more,
  };
}

function settle(tier: ModelTier, options: CompactionOptions, skew: number): void {
  for (let round = 0; ; round++) {
    const plan = planCompaction(tier.segments, options);
    if (plan === undefined) return;
    expect(round).toBeLessThan(50);
    tier.apply(plan, skew);
  }
}

const ids = (segments: readonly CompactionSegment[] | undefined): number[] | undefined =>
  segments?.map((each) => each.fileId);

describe('what is merged', () => {
  test('segments of one tier, with all that are smaller', () => {
    const segments = [4, 5, 6, 7].map((id) => segment(id, 8 * MB)).concat(segment(1, 2 * MB), segment(2, 60 * MB));
    const plan = planCompaction(segments, SORTED);
    expect(plan).toMatchObject({ reason: 'similar', outputCount: 1 });
    expect(ids(plan?.inputs)).toEqual([1, 4, 5, 6, 7]);
    expect(planCompaction(segments.slice(1), SORTED)).toBeUndefined();
  });

  test('a tier that the result would fill goes along', () => {
    const small = [10, 11, 12, 13].map((id) => segment(id, 2 * MB));
    const medium = [1, 2, 3].map((id) => segment(id, 8 * MB));
    expect(ids(planCompaction([...medium, ...small], SORTED)?.inputs)).toEqual([1, 2, 3, 10, 11, 12, 13]);
    expect(ids(planCompaction([...medium.slice(1), ...small], SORTED)?.inputs)).toEqual([10, 11, 12, 13]);
  });

  test('no more bytes than a job may read; without a sort order, no more than one segment holds', () => {
    const segments = Array.from({ length: 40 }, (_, index) => segment(index + 1, 60 * MB));
    expect(planCompaction(segments, SORTED)).toMatchObject({ inputs: { length: 17 }, outputCount: 8 });
    expect(planCompaction(segments, UNSORTED)).toMatchObject({ inputs: { length: 2 }, outputCount: 1 });
  });

  test('a segment with many deleted rows alone, and empty ones without output', () => {
    const segments = [segment(1, 100 * MB, { deletedRows: 300 }), segment(2, 100 * MB, { deletedRows: 299 })];
    expect(planCompaction(segments, UNSORTED)).toMatchObject({ reason: 'deleted', inputs: [{ fileId: 1 }] });
    const emptied = [...segments, segment(3, MB, { deletedRows: 1000 })];
    expect(planCompaction(emptied, UNSORTED)).toMatchObject({
      reason: 'empty',
      inputs: [{ fileId: 3 }],
      outputCount: 0,
    });
  });

  test('full segments where many sorted runs overlap, in a sort order only', () => {
    const wide = Array.from({ length: 8 }, (_, index) => segment(index + 1, 120 * MB));
    expect(planCompaction(wide, SORTED)).toMatchObject({
      reason: 'overlapping',
      inputs: { length: 8 },
      generation: 1,
    });
    expect(planCompaction(wide, UNSORTED)).toBeUndefined();
    expect(planCompaction(wide.slice(1), SORTED)).toBeUndefined();
    const oneRun = wide.map((each) => ({ ...each, run: 1 }));
    expect(planCompaction(oneRun, SORTED)).toBeUndefined();
    const apart = wide.map((each, index) => ({ ...each, range: { lower: index, upper: index + 0.5 } }));
    expect(planCompaction(apart, SORTED)).toBeUndefined();
    const mixed = wide.map((each, index) => ({ ...each, generation: index % 2 }));
    expect(planCompaction(mixed, SORTED)).toBeUndefined();
    const unknown = wide.map((each) => ({ ...each, range: undefined }));
    expect(planCompaction(unknown, SORTED)).toBeUndefined();
  });

  test('segments far above their size are not merged for ever', () => {
    const giants = Array.from({ length: 12 }, (_, index) => segment(index + 1, 1000 * MB));
    expect(planCompaction(giants, SORTED)).toBeUndefined();
  });
});

describe('a thousand flushes', () => {
  const flush = fc.record({
    size: fc.integer({ min: 1, max: 100 }),
    lower: fc.double({ min: 0, max: 0.9, noNaN: true }),
    width: fc.double({ min: 0, max: 1, noNaN: true }),
    deleted: fc.record({ at: fc.nat(), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  });
  const workload = fc.record({
    flushes: fc.array(flush, { minLength: 1000, maxLength: 1000, size: 'max' }),
    unitBytes: fc.constantFrom(1000, 100_000, MB / 2),
    skew: fc.double({ min: 0, max: 0.3, noNaN: true }),
    keysRise: fc.boolean(),
    deleteEvery: fc.constantFrom(0, 3, 50),
  });

  test.each([
    ['with a sort order', SORTED, 7],
    ['without', UNSORTED, 6],
  ] as const)('settle each time, with few segments and little written: %s', (_name, options, amplification) => {
    fc.assert(
      fc.property(workload, ({ flushes, unitBytes, skew, keysRise, deleteEvery }) => {
        const tier = new ModelTier(options);
        for (const [index, { size, lower, width, deleted }] of flushes.entries()) {
          const from = keysRise ? index / flushes.length : lower;
          tier.flush(size * unitBytes, from, keysRise ? from + 1 / flushes.length : Math.min(1, from + width));
          if (deleteEvery > 0 && index % deleteEvery === 0)
            tier.deleteFrom(deleted.at % tier.segments.length, deleted.share);
          settle(tier, options, skew);
          const small = tier.segments.filter((each) => isSmall(each.sizeBytes, options.segmentBytes)).length;
          expect(small).toBeLessThan(7 * options.mergeSegments);
          if (options.isSorted) expect(tier.depth).toBeLessThan(24);
        }
        if (deleteEvery === 0) expect(tier.compactedBytes / tier.flushedBytes).toBeLessThan(amplification);
      }),
      { numRuns: 15, seed: 20_260_101 },
    );
  });

  test('write little also where nothing is deleted and keys are anywhere', () => {
    const tier = new ModelTier(SORTED);
    for (let index = 0; index < 1000; index++) {
      tier.flush(30 * MB, 0, 1);
      settle(tier, SORTED, 0);
    }
    // 30 GB: twice by size, and then once for each factor of 8.
    expect(tier.compactedBytes / tier.flushedBytes).toBeLessThan(4.5);
    expect(tier.depth).toBeLessThan(24);
    expect(tier.segments.length).toBeLessThan(1.5 * Math.ceil(tier.flushedBytes / SORTED.segmentBytes));
  });
});

const segments = fc
  .array(
    fc.record({
      size: fc.integer({ min: 1, max: 200 }),
      deletedRows: fc.integer({ min: 0, max: 1000 }),
      lower: fc.integer({ min: 0, max: 5 }),
      hasRange: fc.boolean(),
      isBusy: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((list) =>
    list.map(({ size, deletedRows, lower, hasRange, isBusy }, index) => ({
      isBusy,
      segment: segment(index + 1, size * MB, {
        deletedRows,
        range: hasRange ? { lower, upper: lower + 3 } : undefined,
      }),
    })),
  );

test.each([SORTED, UNSORTED])('no plan has a busy segment, nor one twice (sorted: $isSorted)', (options) => {
  fc.assert(
    fc.property(segments, (list) => {
      const all = list.map((each) => each.segment);
      const busy = new Set(list.filter((each) => each.isBusy).map((each) => each.segment.fileId));
      for (const plan of [planCompaction(all, options, busy), ...planVacuum(all, options, busy)]) {
        const inputs = ids(plan?.inputs) ?? [];
        expect(inputs.filter((id) => busy.has(id))).toEqual([]);
        expect(new Set(inputs).size).toBe(inputs.length);
      }
    }),
    { numRuns: 300, seed: 20_260_102 },
  );
});

describe('vacuum', () => {
  test.each([SORTED, UNSORTED])('leaves nothing to do (sorted: $isSorted)', (options) => {
    fc.assert(
      fc.property(segments, (list) => {
        const tier = new ModelTier(options);
        tier.segments = list.map(({ segment: each }) => ({ ...each, range: { lower: 0, upper: 1 } }));
        const total = tier.segments.reduce((sum, s) => sum + s.sizeBytes * (1 - s.deletedRows / s.rowCount), 0);
        for (const plan of planVacuum(tier.segments, options)) tier.apply(plan, 0);
        expect(tier.segments.every((each) => each.deletedRows === 0)).toBe(true);
        expect(tier.segments.length).toBeLessThanOrEqual(2 * Math.ceil(total / options.segmentBytes) + 1);
        expect(planVacuum(tier.segments, options)).toEqual([]);
      }),
      { numRuns: 300, seed: 20_260_103 },
    );
  });
});
