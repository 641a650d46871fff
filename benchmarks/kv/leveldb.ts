import { ClassicLevel } from 'classic-level';
import { cpuUsage } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { folderBytes } from './disk.ts';
import type { Drained, Put, Store, StoreOptions } from './store.ts';

const PAIRS_PER_STEP = 1000;
const POLL_MS = 100;
const QUIET_POLLS = 10;

/** LevelDB as `classic-level` ships it: default options, keys and values as bytes. */
export async function openLevelDb(folder: string, options: StoreOptions): Promise<Store> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    cacheSize: options.blockCacheBytes,
    ...(options.memtableBytes === undefined ? {} : { writeBufferSize: options.memtableBytes }),
  });
  await level.open();
  const writing = { sync: options.sync };
  return {
    batch: (puts: readonly Put[]) => level.batch(puts as Put[], writing),
    put: (key, value) => level.put(key, value, writing),
    get: (key) => level.get(key),
    getSync: (key) => level.getSync(key),
    getMany: (keys) => level.getMany(keys as Uint8Array[]),
    scan: () => level.iterator(),
    drain: async () => {
      const iterator = level.iterator();
      const seen = await drain(() => iterator.nextv(PAIRS_PER_STEP));
      await iterator.close();
      return seen;
    },
    drainStrings: async () => {
      const iterator = level.iterator<string, string>({ keyEncoding: 'utf8', valueEncoding: 'utf8' });
      const seen = await drain(() => iterator.nextv(PAIRS_PER_STEP));
      await iterator.close();
      return seen;
    },
    settle: () => quiet(folder),
    bytesWritten: () => ({ 'flush and compaction, to the MB': compactionBytes(level.getProperty('leveldb.stats')) }),
    close: () => level.close(),
  };
}

async function drain(
  next: () => Promise<readonly (readonly [unknown, { readonly length: number }])[]>,
): Promise<Drained> {
  let pairs = 0;
  let valueLength = 0;
  for (;;) {
    const step = await next();
    if (step.length === 0) return { pairs, valueLength };
    pairs += step.length;
    for (const [, value] of step) valueLength += value.length;
  }
}

/** LevelDB tells nobody when its compactions are done: the folder has kept its size and the process its CPU time for a second. */
async function quiet(folder: string): Promise<void> {
  let size = -1;
  let polls = 0;
  while (polls < QUIET_POLLS) {
    const before = cpuUsage();
    await sleep(POLL_MS);
    const used = cpuUsage(before);
    const idle = (used.user + used.system) / 1000 < POLL_MS / 5;
    const now = await folderBytes(folder);
    polls = idle && now === size ? polls + 1 : 0;
    size = now;
  }
}

/** The last column, `Write(MB)`, of LevelDB's table of levels. The log is not in it. */
function compactionBytes(stats: string): number {
  const rows = stats.split('\n').filter((line) => /^\s*\d+(\s+\d+){5}\s*$/.test(line));
  return rows.reduce((sum, row) => sum + Number(row.trim().split(/\s+/).at(-1)) * 1e6, 0);
}
