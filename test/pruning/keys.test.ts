import { describe, expect, test } from 'vitest';
import { AlopexSide } from '../differential/test-support/alopex-side.ts';
import { makeTempFolder, removeFolder } from '../differential/test-support/temp-folder.ts';

const FILES = 24;
const ROWS = 40;

/** Keys are strewn over all files, so that bounds say nothing. */
async function strewn(
  tier: 'hot' | 'cold',
  keyType: string,
  keySql: string,
): Promise<{ folder: string; side: AlopexSide }> {
  const folder = await makeTempFolder();
  const side = await AlopexSide.open(folder, { limits: { largeRows: 1, mergeSegments: 0 } });
  await side.run(
    `CREATE TABLE t (k ${keyType}, n INTEGER, day DATE, PRIMARY KEY (k)) WITH (partition_by = 'day(day)', tier_column = 'day')`,
  );
  for (let file = 0; file < FILES; file++) {
    await side.run(
      `INSERT INTO t SELECT ${keySql}, n, DATE '2001-01-01' + ${file} FROM (SELECT (i * ${FILES} + ${file})::INTEGER AS n FROM range(${ROWS}) AS numbers(i))`,
    );
  }
  if (tier === 'cold') await side.run('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
  return { folder, side };
}

describe.each(['hot', 'cold'] as const)('%s', (tier) => {
  test.each([
    ['BIGINT', '(n * 7919) % 100003'],
    ['VARCHAR', 'md5(n::VARCHAR)'],
    ['UUID', 'md5(n::VARCHAR)::UUID'],
  ])(
    'a key of type %s is looked for where it can be',
    async (type, keySql) => {
      const { folder, side } = await strewn(tier, type, keySql);
      try {
        const look = async (n: number): Promise<number> => {
          const [[key] = []] = await side.rows(`SELECT (${keySql})::VARCHAR FROM (SELECT ${n} AS n)`);
          const { rows, scans } = await side.answer(`SELECT n FROM t WHERE k = '${String(key)}'`);
          expect(rows).toEqual(n < FILES * ROWS ? [[n]] : []);
          return (scans[0]?.hot.filesRead ?? 0) + (scans[0]?.cold.filesRead ?? 0);
        };
        expect(await look(500)).toBeGreaterThan(FILES / 2);
        for (let n = 0; n < 24; n++) await look(n * 37);
        expect(await look(500)).toBeLessThanOrEqual(2);
        expect(await look(FILES * ROWS + 1)).toBeLessThanOrEqual(1);
        await side.run(`DELETE FROM t WHERE n = 500`);
        await side.run(`UPDATE t SET n = -n WHERE n = 501`);
        const { rows } = await side.answer(
          `SELECT n FROM t WHERE k IN (SELECT ${keySql} FROM (SELECT unnest([500, 501, 502]) AS n))`,
        );
        expect(rows.map(([n]) => Number(n)).toSorted((a, b) => a - b)).toEqual([-501, 502]);
      } finally {
        await side.close();
        await removeFolder(folder);
      }
    },
    60_000,
  );
});

test('EXPLAIN says that filters of keys were asked, also for lists and keys of two columns', async () => {
  const folder = await makeTempFolder();
  const side = await AlopexSide.open(folder, { limits: { largeRows: 1, mergeSegments: 0 } });
  try {
    await side.run('CREATE TABLE t (a INTEGER, b VARCHAR, n INTEGER, PRIMARY KEY (a, b))');
    for (let file = 0; file < 16; file++) {
      await side.run(`INSERT INTO t SELECT i % 10, 'b' || (i * 16 + ${file}), i FROM range(60) AS numbers(i)`);
    }
    const explained = async (sql: string): Promise<string> => String((await side.rows(`EXPLAIN ${sql}`))[0]?.[1]);
    for (let n = 0; n < 30; n++) {
      expect(await side.rows(`SELECT n FROM t WHERE b = 'b${n * 16 + 3}' AND a = ${n % 10}`)).toEqual([[n]]);
    }
    expect(await explained("SELECT n FROM t WHERE a IN (1, 2, 3) AND b = 'b19'")).toMatch(
      /1[45] files by filters of primary keys/,
    );
    expect(await side.rows("SELECT n FROM t WHERE a IN (1, 2, 3) AND (b = 'b19' OR b = 'b36') ORDER BY n")).toEqual([
      [1],
      [2],
    ]);
    expect(await explained("SELECT n FROM t WHERE b = 'b19'")).not.toContain('primary keys');
    expect(await explained("SELECT n FROM t WHERE a > 1 AND b = 'b19'")).not.toContain('primary keys');
  } finally {
    await side.close();
    await removeFolder(folder);
  }
}, 60_000);
