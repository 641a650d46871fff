import { cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mebibytes, print } from '../print.ts';
import { median } from '../statistics.ts';
import { Contestant } from './contestant.ts';
import { folderBytes } from './disk.ts';
import { BLOCK_CACHE_BYTES, type StoreName, type StoreOptions } from './store.ts';

const LOG_BYTES = 64 << 20;
const KEY_BYTES = 16;
const VALUE_BYTES = [100, 1000] as const;

/** The memtable holds all, so that everything is in the log alone when the process is killed. */
const OPTIONS: StoreOptions = { sync: true, blockCacheBytes: BLOCK_CACHE_BYTES, memtableBytes: 4 * LOG_BYTES };

/** Opens stores whose last 64 MiB are in the log only, as after a crash. */
export async function replay(base: string, names: readonly StoreName[], rounds: number): Promise<void> {
  const folder = await mkdtemp(join(base, 'alopex-replay-'));
  try {
    for (const valueBytes of VALUE_BYTES) {
      const pairs = Math.ceil(LOG_BYTES / (KEY_BYTES + valueBytes));
      for (const name of names) {
        const crashed = join(folder, `${name}-${valueBytes}`);
        const { contestant } = await Contestant.start(name, crashed, OPTIONS);
        try {
          await contestant.ask({ ask: 'fill', pairs, valueBytes });
        } finally {
          await contestant.kill();
        }
        const times: number[] = [];
        for (let round = 0; round < rounds; round++) times.push(await reopen(name, crashed, pairs, valueBytes));
        const all = times.map((ms) => ms.toFixed(0)).join(', ');
        print(
          `${name}: open with a log of ${pairs} pairs with values of ${valueBytes} bytes, ${mebibytes(await folderBytes(crashed))} on disk: ${median(times).toFixed(0)} ms (${all}), wanted: under 1,000`,
        );
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Opens a copy, because opening moves the log's pairs to a segment. */
async function reopen(name: StoreName, crashed: string, pairs: number, valueBytes: number): Promise<number> {
  const copy = `${crashed}-copy`;
  await cp(crashed, copy, { recursive: true });
  const { contestant, openMs } = await Contestant.start(name, copy, OPTIONS);
  try {
    for (const index of [0, pairs >>> 1, pairs - 1]) {
      const { found } = await contestant.ask({ ask: 'holds', index, valueBytes });
      if (!found) throw new Error(`pair ${index} did not survive`);
    }
  } finally {
    await contestant.kill();
    await rm(copy, { recursive: true, force: true });
  }
  return openMs;
}
