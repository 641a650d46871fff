import { describe, expect, test } from 'vitest';
import { type EngineContext } from '../../context.ts';
import { DEFAULT_LIMITS } from '../../limits.ts';
import type { DataFile } from '../../table/data-file.ts';
import type { TableVersion } from '../../table/version.ts';
import { emptyTableCounters, type TableCounters } from './metrics.ts';
import { TableBackpressure } from './table-backpressure.ts';

const LIMITS = { ...DEFAULT_LIMITS, segmentBytes: 1000, slowSegments: 64, stopSegments: 128 };

class Waits {
  readonly counters: TableCounters = emptyTableCounters();
  readonly backpressure: TableBackpressure;
  sleptMs = 0;
  nowMs = 0;
  compactions = 0;

  constructor(progress: () => boolean = () => false) {
    const sleep = (durationMs: number): Promise<void> => {
      this.sleptMs += durationMs;
      this.nowMs += durationMs;
      return Promise.resolve();
    };
    const clock = { nowMs: () => this.nowMs, monotonicMs: () => this.nowMs, sleep };
    const context = { limits: LIMITS, clock } as unknown as EngineContext;
    this.backpressure = new TableBackpressure(context, this.counters, () => {
      this.compactions++;
      this.nowMs += 10;
      return Promise.resolve(progress());
    });
  }

  /** How long a commit of `sizeBytes` to a table with so many small segments waits. */
  async commit(small: number, sizeBytes: number): Promise<number> {
    const before = this.nowMs;
    const after = table(small, sizeBytes);
    await this.backpressure.slowDown(table(small, 0), after, () => after);
    return this.nowMs - before;
  }
}

function table(small: number, memtableBytes: number): TableVersion {
  const file = (tier: DataFile['tier'], sizeBytes: number, index: number): DataFile =>
    ({ tier, sizeBytes, name: `${tier}-${index}` }) as DataFile;
  const files = [
    ...Array.from({ length: small }, (_, index) => file('hot', 499, index)),
    // Neither full segments nor cold files count.
    ...Array.from({ length: 200 }, (_, index) => file('hot', 500, 1000 + index)),
    ...Array.from({ length: 200 }, (_, index) => file('cold', 10, index)),
  ];
  return { files, memtable: { sizeBytes: memtableBytes } } as unknown as TableVersion;
}

describe('slowing down', () => {
  test('begins with little, grows step by step, and no commit waits for long', async () => {
    const waits: number[] = [];
    for (let small = 60; small < 128; small++) waits.push(await new Waits().commit(small, 100_000));
    expect(waits.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(waits[4]).toBeGreaterThan(1);
    expect(waits[4]).toBeLessThan(5);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits.at(-1)).toBe(100);
    for (const [index, wait] of waits.entries()) {
      if (index > 5) expect(wait).toBeLessThan(1.5 * (waits[index - 1] ?? 0));
    }
  });

  test('adds up what is too little for a timer', async () => {
    const waits = new Waits();
    for (let commit = 0; commit < 1000; commit++) await waits.commit(64, 327);
    expect(waits.sleptMs).toBeGreaterThan(8);
    expect(waits.sleptMs).toBeLessThan(11);
    expect(waits.counters.stalls).toBeLessThan(11);
    expect(waits.counters.stallMs).toBe(waits.sleptMs);
  });
});

describe('stopping', () => {
  test('lasts until compaction has made the segments fewer', async () => {
    let small = 140;
    const waits = new Waits(() => {
      small -= 5;
      return true;
    });
    await waits.backpressure.slowDown(undefined, table(small, 1), () => table(small, 1));
    expect(small).toBe(125);
    expect(waits.counters).toMatchObject({ stalls: 1, stallMs: 30 });
  });

  test('ends when no compaction is under way, or the table is gone', async () => {
    const idle = new Waits(() => false);
    await idle.commit(128, 1);
    expect(idle.compactions).toBe(1);
    const dropped = new Waits(() => true);
    await dropped.backpressure.slowDown(undefined, table(200, 1), () => undefined);
    expect(dropped.compactions).toBe(0);
  });
});
