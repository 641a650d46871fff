import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareKeys } from '../bytes.ts';
import type { KvSegmentState } from '../segment-state.ts';
import type { CompactionPlan } from './compaction-plan.ts';
import { levelSizes } from './level-sizes.ts';
import { DEFAULT_COMPACTION } from './options.ts';
import type { CompactionOptions } from './options.ts';
import { outputFileCount, pickCompaction, pickIdleCompaction } from './plan.ts';

const MIB = 1024 * 1024;
const key = (at: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, at);
  return bytes;
};

let nextFileId = 1;
function segment(
  level: number,
  from: number,
  to: number,
  sizeMib: number,
  more: Partial<KvSegmentState> = {},
): KvSegmentState {
  const fileId = nextFileId++;
  return {
    fileId,
    level,
    sizeBytes: sizeMib * MIB,
    entryCount: 1,
    smallest: key(from),
    largest: key(to),
    minSeq: fileId,
    maxSeq: fileId,
    rangeDeleteCount: 0,
    footerCrc32: 0,
    ...more,
  };
}

function levelsOf(
  segments: readonly KvSegmentState[],
  options: CompactionOptions = DEFAULT_COMPACTION,
): KvSegmentState[][] {
  return Array.from({ length: options.lastLevel + 1 }, (_, level) =>
    segments.filter((one) => one.level === level).sort((left, right) => compareKeys(left.smallest, right.smallest)),
  );
}

const pick = (segments: readonly KvSegmentState[], busy: readonly number[] = []): CompactionPlan | undefined =>
  pickCompaction(levelsOf(segments), DEFAULT_COMPACTION, new Set(busy));

const idsOf = (segments: readonly KvSegmentState[]): number[] => segments.map(({ fileId }) => fileId);
const sortedIdsOf = (segments: readonly KvSegmentState[]): number[] =>
  idsOf(segments).sort((left, right) => left - right);

describe('when there is nothing else to do', () => {
  const pickIdle = (segments: readonly KvSegmentState[]): CompactionPlan | undefined =>
    pickIdleCompaction(levelsOf(segments), DEFAULT_COMPACTION);

  test('level 0 goes down before it is due', () => {
    const below = segment(6, 0, 100, 80);
    const level0 = [segment(0, 0, 50, 9), segment(0, 20, 90, 9)];
    expect(pick([below, ...level0])).toBeUndefined();
    const plan = pickIdle([below, ...level0]);
    expect(plan).toMatchObject({ kind: 'merge', fromLevel: 0, outputLevel: 6, older: [] });
    expect(sortedIdsOf(plan?.inputs ?? [])).toEqual(idsOf([below, ...level0]));
    expect(pickIdle([segment(6, 0, 50, 80), segment(0, 60, 90, 20), segment(0, 95, 99, 20)])?.kind).toBe('move');
  });

  test('what is settled, or little beside what it would be merged with, stays', () => {
    expect(pickIdle([])).toBeUndefined();
    expect(pickIdle([segment(0, 0, 100, 1)])).toBeUndefined();
    expect(pickIdle([segment(6, 0, 100, 30)])).toBeUndefined();
    expect(pickIdle([segment(6, 0, 100, 80), segment(0, 0, 50, 4), segment(0, 0, 50, 4)])).toBeUndefined();
  });
});

describe('level 0', () => {
  test('is left alone while it has few segments', () => {
    expect(pick([])).toBeUndefined();
    expect(pick([1, 2, 3].map(() => segment(0, 0, 100, 64)))).toBeUndefined();
  });

  test('goes down whole, with all that overlaps it in the base level', () => {
    const level0 = [1, 2, 3, 4].map(() => segment(0, 10, 100, 64));
    const [before, within, touching, after] = [
      segment(6, 0, 9, 32),
      segment(6, 50, 60, 32),
      segment(6, 100, 120, 32),
      segment(6, 130, 140, 32),
    ];
    const plan = pick([...level0, before, within, touching, after] as KvSegmentState[]);
    expect(plan).toMatchObject({ kind: 'merge', fromLevel: 0, outputLevel: 6, older: [] });
    expect(sortedIdsOf(plan?.inputs ?? [])).toEqual(sortedIdsOf([...level0, within, touching] as KvSegmentState[]));
  });

  test('has one job at a time', () => {
    const level0 = Array.from({ length: 8 }, () => segment(0, 0, 100, 64));
    expect(pick(level0, [(level0[0] as KvSegmentState).fileId])).toBeUndefined();
  });

  test('waits while the base level is busy in its range', () => {
    const level0 = [1, 2, 3, 4].map(() => segment(0, 0, 100, 64));
    const below = segment(6, 50, 60, 32);
    expect(pick([...level0, below])).toBeDefined();
    expect(pick([...level0, below], [below.fileId])).toBeUndefined();
  });

  test('moves its oldest segment when it overlaps nothing', () => {
    const level0 = [0, 1, 2, 3].map((at) => segment(0, at * 10, at * 10 + 9, 64));
    const plan = pick([...level0.toReversed(), segment(6, 50, 60, 32)]);
    expect(plan).toMatchObject({ kind: 'move', outputLevel: 6 });
    expect(plan?.inputs).toEqual([level0[0]]);
  });

  test.each([
    ['a newer segment overlaps it', (): KvSegmentState => segment(0, 5, 15, 64), {}],
    ['it holds range deletions', (): KvSegmentState => segment(0, 200, 210, 64), { rangeDeleteCount: 1 }],
    ['it is small', (): KvSegmentState => segment(0, 200, 210, 64), { sizeBytes: MIB }],
  ])('merges when %s', (_, other, oldest) => {
    const level0 = [segment(0, 0, 9, 64, oldest), segment(0, 20, 29, 64), segment(0, 30, 39, 64), other()];
    expect(pick(level0)).toMatchObject({ kind: 'merge', fromLevel: 0, outputLevel: 6 });
  });

  test('small segments are merged with each other before much is rewritten for them', () => {
    const base = Array.from({ length: 30 }, (_, at) => segment(6, at * 10, at * 10 + 9, 32));
    const large = segment(0, 0, 300, 40);
    const small = [1, 2, 3].map(() => segment(0, 0, 300, 1));
    const plan = pick([...base, large, ...small]);
    expect(plan).toMatchObject({ kind: 'merge', fromLevel: 0, outputLevel: 0, targetBytes: 0 });
    expect(idsOf(plan?.inputs ?? [])).toEqual(idsOf(small).toReversed());
    // What is left out is older.
    expect(plan?.older).toEqual([{ smallest: key(0), largest: key(300) }]);
  });
});

describe('sizes of levels', () => {
  test('follow from the last one upward', () => {
    const last = (sizeMib: number) => levelSizes(levelsOf([segment(6, 0, 9, sizeMib)]), DEFAULT_COMPACTION);
    expect(levelSizes(levelsOf([]), DEFAULT_COMPACTION).base).toBe(6);
    expect(last(1270).base).toBe(6);
    expect(last(1280)).toMatchObject({ base: 5, targets: [0, 0, 0, 0, 0, 128 * MIB, Number.POSITIVE_INFINITY] });
    expect(last(100_000).base).toBe(4);
  });

  test('a level that is still used stays the base, and is emptied when it is not wanted any more', () => {
    const upper = segment(4, 0, 9, 32);
    expect(levelSizes(levelsOf([upper, segment(6, 0, 9, 100)]), DEFAULT_COMPACTION).base).toBe(4);
    expect(pick([upper, segment(6, 0, 9, 100)])).toMatchObject({ kind: 'move', fromLevel: 4, outputLevel: 5 });
  });
});

describe('other levels', () => {
  const last = Array.from({ length: 20 }, (_, at) => segment(6, at * 100, at * 100 + 99, 100));

  test('move down what overlaps least for its size, with its neighbours where that costs nothing', () => {
    const wide = segment(5, 0, 550, 100);
    const [cheap, neighbour] = [segment(5, 610, 640, 100), segment(5, 650, 690, 100)] as const;
    const plan = pick([...last, wide, cheap, neighbour]);
    expect(plan).toMatchObject({ kind: 'merge', fromLevel: 5, outputLevel: 6 });
    expect(idsOf(plan?.inputs ?? [])).toEqual(idsOf([cheap, neighbour, last[6] as KvSegmentState]));
  });

  test('work at several places at once, but not at one', () => {
    const upper = [
      segment(5, 0, 30, 200),
      segment(5, 40, 90, 200),
      segment(5, 300, 350, 200),
      segment(5, 450, 470, 200),
    ];
    const first = pick([...last, ...upper]) as CompactionPlan;
    const second = pick([...last, ...upper], idsOf(first.inputs)) as CompactionPlan;
    expect(second.inputs.some((input) => first.inputs.includes(input))).toBe(false);
    expect(pick([...last, ...upper], idsOf(last))).toBeUndefined();
    expect(pick([...last, ...upper], idsOf(upper))).toBeUndefined();
  });

  test('a segment below nothing is moved, unless it holds range deletions', () => {
    const upper = (more: Partial<KvSegmentState>) => [segment(5, 5000, 5010, 300, more)];
    expect(pick([...last, ...upper({})])).toMatchObject({ kind: 'move', outputLevel: 6 });
    expect(pick([...last, ...upper({ rangeDeleteCount: 1 })])).toMatchObject({ kind: 'merge', outputLevel: 6 });
  });

  test('what is below the output is told to the job', () => {
    const below = [segment(6, 0, 10, 20_000), segment(6, 60, 80, 20_000), segment(6, 500, 600, 20_000)];
    const plan = pick([...below, segment(4, 5, 70, 1000), segment(5, 0, 20, 10)]);
    expect(plan).toMatchObject({ fromLevel: 4, outputLevel: 5 });
    expect(plan?.older).toEqual([
      { smallest: key(0), largest: key(10) },
      { smallest: key(60), largest: key(80) },
    ]);
  });
});

test('there are ids for every output', () => {
  const inputs = [segment(0, 0, 1, 64), segment(6, 0, 1, 64)];
  expect(outputFileCount(inputs, 0)).toBe(1);
  expect(outputFileCount(inputs, 32 * MIB)).toBe(7);
});

/** Segments as sizes and ranges alone: what a job makes of its inputs is spread evenly. */
class SizeTree {
  segments: KvSegmentState[] = [];
  readonly #options: CompactionOptions;

  constructor(options: CompactionOptions) {
    this.#options = options;
  }

  pick(busy: readonly CompactionPlan[]): CompactionPlan | undefined {
    return pickCompaction(
      levelsOf(this.segments, this.#options),
      this.#options,
      new Set(idsOf(busy.flatMap(({ inputs }) => inputs))),
    );
  }

  apply({ kind, inputs, outputLevel, targetBytes }: CompactionPlan): void {
    this.segments = this.segments.filter((one) => !inputs.includes(one));
    if (kind === 'move') {
      this.segments.push({ ...(inputs[0] as KvSegmentState), level: outputLevel });
      return;
    }
    const sizeMib = inputs.reduce((sum, one) => sum + one.sizeBytes, 0) / MIB;
    const bounds = inputs.flatMap(({ smallest, largest }) => [numberOf(smallest), numberOf(largest)]);
    const [from, to] = [Math.min(...bounds), Math.max(...bounds)];
    const wanted = targetBytes === 0 ? 1 : Math.ceil((sizeMib * MIB) / targetBytes);
    const count = Math.min(wanted, Math.floor((to - from) / 2) + 1);
    const maxSeq = Math.max(...inputs.map((one) => one.maxSeq));
    for (let at = 0; at < count; at++) {
      const start = from + Math.floor(((to - from + 1) * at) / count);
      const end = from + Math.floor(((to - from + 1) * (at + 1)) / count) - 1;
      this.segments.push(segment(outputLevel, start, end, sizeMib / count, { maxSeq }));
    }
  }

  expectNoOverlap(): void {
    for (const level of levelsOf(this.segments, this.#options).slice(1)) {
      level.forEach((one, at) => {
        const before = level[at - 1];
        if (before !== undefined) expect(compareKeys(before.largest, one.smallest)).toBeLessThan(0);
      });
    }
  }
}

const numberOf = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);

test('jobs never meet, levels never overlap, and everything settles', () => {
  const flushed = fc.record({
    from: fc.nat(2000),
    width: fc.oneof(fc.nat(50), fc.nat(3000)),
    sizeMib: fc.constantFrom(1, 8, 50),
    rangeDeleteCount: fc.constantFrom(0, 0, 0, 1),
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(flushed, fc.nat(2), fc.nat(3)), { minLength: 10, maxLength: 80, size: 'max' }),
      fc.constantFrom(20, 60, 1000),
      (steps, baseLevelMib) => {
        const tree = new SizeTree({ ...DEFAULT_COMPACTION, multiplier: 4, baseLevelBytes: baseLevelMib * MIB });
        const running: CompactionPlan[] = [];
        const finish = (at: number): void => {
          const [plan] = running.splice(at, 1);
          if (plan !== undefined) tree.apply(plan);
          tree.expectNoOverlap();
        };
        for (const [{ from, width, sizeMib, rangeDeleteCount }, starts, finishes] of steps) {
          tree.segments.push(segment(0, from, from + width, sizeMib, { rangeDeleteCount }));
          for (let started = 0; started < starts; started++) {
            const plan = tree.pick(running);
            if (plan === undefined) break;
            const busy = running.flatMap(({ inputs }) => inputs);
            expect(plan.inputs.some((input) => busy.includes(input))).toBe(false);
            expect(new Set(plan.inputs).size).toBe(plan.inputs.length);
            running.push(plan);
          }
          for (let finished = 0; finished < finishes; finished++) finish(finished % (running.length + 1));
        }
        while (running.length > 0) finish(0);
        for (let jobs = 0; ; jobs++) {
          const plan = tree.pick([]);
          if (plan === undefined) break;
          tree.apply(plan);
          tree.expectNoOverlap();
          expect(jobs).toBeLessThan(1000);
        }
        expect(tree.segments.filter(({ level }) => level === 0).length).toBeLessThan(DEFAULT_COMPACTION.level0Segments);
      },
    ),
    { seed: 31, numRuns: 150 },
  );
});
