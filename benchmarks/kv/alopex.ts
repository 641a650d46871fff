import { AlopexDB } from '../../index.ts';
import type { Drained, Store, StoreOptions } from './store.ts';

/** AlopexDB's key-value store. The one place that has to follow its API. */
export async function openAlopex(folder: string, options: StoreOptions): Promise<Store> {
  const db = await AlopexDB.open(folder, {
    durability: options.sync ? 'full' : 'none',
    limits: {
      blockCacheBytes: options.blockCacheBytes,
      ...(options.memtableBytes === undefined ? {} : { kvMemtableBytes: options.memtableBytes }),
    },
  });
  const { kv } = db;
  const texts = kv.keyspace('default', { keyEncoding: 'text', valueEncoding: 'text' });
  return {
    batch: (puts) => kv.batch(puts),
    put: (key, value) => kv.put(key, value),
    get: (key) => kv.get(key),
    getSync: (key) => kv.getSync(key),
    getMany: (keys) => kv.getMany(keys),
    scan: () => kv.scan(),
    drain: () => Promise.resolve(drain(kv.scan())),
    drainStrings: () => Promise.resolve(drain(texts.scan())),
    settle: async () => {
      await kv.flush(); // The memtable is far larger than the block cache: reads beyond the cache are not to find their keys in it.
      await kv.settled();
    },
    bytesWritten: () => {
      const { userBytes, flushedBytes, compactedBytes } = kv.metrics();
      return { 'operations in the log': userBytes, flush: flushedBytes, compaction: compactedBytes };
    },
    close: () => db.close(),
  };
}

function drain(scan: { nextSync(): [unknown, { readonly length: number }] | undefined }): Drained {
  let pairs = 0;
  let valueLength = 0;
  for (let pair = scan.nextSync(); pair !== undefined; pair = scan.nextSync()) {
    pairs++;
    valueLength += pair[1].length;
  }
  return { pairs, valueLength };
}
