import { AlopexDB } from '../../index.ts';
import { openAlopex } from '../kv/alopex.ts';
import { BLOCK_CACHE_BYTES } from '../kv/store.ts';
import { commitInLoops, RowNumbers, VALUE, type CommitContestant } from './contestant.ts';

const KEY_DIGITS = 16;

/** `kv.put`, each acknowledged after its fsync. */
export async function alopexKv(folder: string): Promise<CommitContestant> {
  const store = await openAlopex(folder, { sync: true, blockCacheBytes: BLOCK_CACHE_BYTES });
  const numbers = new RowNumbers();
  const value = Buffer.from(VALUE);
  return {
    name: 'AlopexDB kv.put',
    commit: (writers, durationMs) =>
      commitInLoops(writers, durationMs, (writer) =>
        store.put(Buffer.from(String(numbers.of(writer)).padStart(KEY_DIGITS, '0'), 'latin1'), value),
      ),
    rows: async () => (await store.drain()).pairs,
    close: () => store.close(),
  };
}

/** `INSERT` through the SQL interface, into a table with or without a primary key. */
export async function alopexSql(folder: string, hasKey: boolean): Promise<CommitContestant> {
  const db = await AlopexDB.open(folder);
  await db.execute(`CREATE TABLE t (id BIGINT${hasKey ? ' PRIMARY KEY' : ''}, v VARCHAR)`);
  const numbers = new RowNumbers();
  return {
    name: hasKey ? 'AlopexDB INSERT' : 'AlopexDB INSERT, no key',
    commit: (writers, durationMs) =>
      commitInLoops(writers, durationMs, (writer) =>
        db.execute('INSERT INTO t VALUES ($1, $2)', [numbers.of(writer), VALUE]),
      ),
    rows: async () => Number((await db.query('SELECT count(*) AS n FROM t')).get(0)?.['n']),
    close: () => db.close(),
  };
}
