import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mebibytes, print } from '../print.ts';
import { median } from '../statistics.ts';
import { Contestant } from './contestant.ts';
import { filesByEnding, folderBytes } from './disk.ts';
import { BLOCK_CACHE_BYTES, type StoreOptions } from './store.ts';

const VALUE_BYTES = 64 << 10;
const SEGMENTS = 1000;

/** Opens a database of `totalBytes` in about 1,000 segments, each time in a new process. */
export async function opening(base: string, totalBytes: number, rounds: number): Promise<void> {
  const folder = await mkdtemp(join(base, 'alopex-opening-'));
  try {
    const pairs = Math.ceil(totalBytes / VALUE_BYTES);
    const filling: StoreOptions = {
      sync: false,
      blockCacheBytes: BLOCK_CACHE_BYTES,
      memtableBytes: Math.ceil(totalBytes / SEGMENTS),
    };
    await session(folder, filling, async (contestant) => {
      await contestant.ask({ ask: 'fill', pairs, valueBytes: VALUE_BYTES });
      await contestant.ask({ ask: 'settle' });
    });
    const endings = [...(await filesByEnding(folder))].map(([ending, count]) => `${count} ${ending}`);
    print(`database of ${mebibytes(await folderBytes(folder))}: ${endings.join(', ')}`);
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const ms = await session(folder, { sync: true, blockCacheBytes: BLOCK_CACHE_BYTES }, async (contestant) => {
        for (const index of [0, pairs >>> 1, pairs - 1]) {
          const { found } = await contestant.ask({ ask: 'holds', index, valueBytes: VALUE_BYTES });
          if (!found) throw new Error(`pair ${index} is not found`);
        }
      });
      times.push(ms);
    }
    print(`open: ${median(times).toFixed(0)} ms (${times.map((ms) => ms.toFixed(0)).join(', ')}), wanted: under 300`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Resolves to the milliseconds that opening took. */
async function session(
  folder: string,
  options: StoreOptions,
  work: (contestant: Contestant) => Promise<void>,
): Promise<number> {
  const { contestant, openMs } = await Contestant.start('alopex', folder, options);
  try {
    await work(contestant);
    await contestant.stop();
  } finally {
    await contestant.kill();
  }
  return openMs;
}
