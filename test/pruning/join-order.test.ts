import { expect, test } from 'vitest';
import { AlopexSide } from '../differential/test-support/alopex-side.ts';
import { makeTempFolder, removeFolder } from '../differential/test-support/temp-folder.ts';

/** TPC-H query 12, by its tables and conditions. */
const QUERY = `SELECT l_shipmode, count(*) FROM orders, lineitem
  WHERE o_orderkey = l_orderkey AND l_shipmode IN ('MAIL', 'SHIP') AND l_commitdate < l_receiptdate GROUP BY l_shipmode`;

test('a small first file does not make a large table look small', async () => {
  const folder = await makeTempFolder();
  const database = await AlopexSide.open(folder, { limits: { largeRows: 1, mergeSegments: 0 } });
  try {
    await database.run('CREATE TABLE orders (o_orderkey BIGINT, o_orderpriority VARCHAR)');
    await database.run("INSERT INTO orders SELECT i, 'HIGH' FROM range(15000) AS numbers(i)");
    await database.run(
      'CREATE TABLE lineitem (l_orderkey BIGINT, l_shipmode VARCHAR, l_commitdate DATE, l_receiptdate DATE)',
    );
    for (const rows of [2, 60_000, 60_000, 60_000]) {
      await database.run(
        `INSERT INTO lineitem SELECT i % 15000, ['MAIL', 'SHIP', 'AIR'][1 + i % 3], DATE '2001-01-01' + CAST(i % 90 AS INTEGER), DATE '2001-02-01' FROM range(${rows}) AS numbers(i)`,
      );
    }
    const plan = (await database.rows(`EXPLAIN ${QUERY}`)).map((row) => String(row[1])).join('\n');
    // The kernel builds its hash table from the right side, which has to be that of the fewer rows.
    expect(plan).toContain('l_orderkey = o_orderkey');
  } finally {
    await database.close();
    await removeFolder(folder);
  }
});
