import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AlopexDB } from '../../index.ts';
import { arrowRows } from '../../test/differential/test-support/cell.ts';
import type { Dataset } from '../../test/tpch/dataset.ts';
import { difference } from '../../test/tpch/same-rows.ts';
import { print, printTable } from '../print.ts';
import { geometricMean, median, timed } from '../statistics.ts';
import { PlainContestant } from './contestant.ts';

const FILES = 1000;
const FROM = "DATE '1993-01-01'";

/** Lines shipped on a thousand days, each day in a file of its own, with a number that grows with the day. */
const LINES = `SELECT row_number() OVER (ORDER BY l_shipdate, l_orderkey, l_linenumber) AS id, l_shipdate AS day, l_orderkey AS order_key, l_extendedprice AS price,
  l_quantity AS quantity, l_shipmode AS mode FROM lines WHERE l_shipdate >= ${FROM} AND l_shipdate < ${FROM} + ${FILES}`;

const QUERIES: readonly { readonly name: string; readonly sql: string }[] = [
  { name: 'one day', sql: "SELECT count(*), sum(price) FROM shipped WHERE day = DATE '1994-07-14'" },
  {
    name: 'one week, by mode',
    sql: "SELECT mode, count(*), sum(price) FROM shipped WHERE day BETWEEN DATE '1994-03-01' AND DATE '1994-03-07' GROUP BY mode ORDER BY mode",
  },
  {
    name: 'three days by IN',
    sql: "SELECT sum(quantity) FROM shipped WHERE day IN ('1993-05-05', '1994-05-05', '1995-05-05')",
  },
  { name: 'one row by key', sql: 'SELECT * FROM shipped WHERE id = 77777' },
  {
    name: 'last day, top ten',
    sql: "SELECT id, price FROM shipped WHERE day >= DATE '1995-09-26' ORDER BY price DESC, id LIMIT 10",
  },
];

/** Selective queries over a table of a thousand cold files, and over the files that DuckDB wrote of the same rows, by a glob. */
export async function selective(dataset: Dataset, folder: string, rounds: number): Promise<void> {
  const glob = join(folder, 'shipped');
  await mkdir(glob);
  const plain = await PlainContestant.open('DuckDB over a glob');
  const db = await AlopexDB.open(join(folder, 'selective'));
  try {
    await plain.ask(`CREATE VIEW lines AS SELECT * FROM '${join(dataset.folder, 'lineitem.parquet')}'`);
    const source = join(folder, 'shipped.parquet');
    await plain.ask(`COPY (${LINES}) TO '${source}'`);
    await plain.ask(
      `COPY (SELECT *, day AS part FROM '${source}' ORDER BY id) TO '${glob}' (FORMAT parquet, PARTITION_BY (part))`,
    );
    await plain.ask(
      `CREATE VIEW shipped AS SELECT * FROM read_parquet('${glob}/*/*.parquet', hive_partitioning = false)`,
    );
    await db.execute(
      `CREATE TABLE shipped (id BIGINT PRIMARY KEY, day DATE, order_key BIGINT, price DECIMAL(15, 2), quantity DECIMAL(15, 2), mode VARCHAR)
         WITH (sort_by = 'id', partition_by = 'day(day)');
       COPY shipped FROM '${source}'`,
    );
    const moving = await timed(() => db.execute('ALTER TABLE shipped TIER PARTITION WHERE true TO COLD'));
    const [[rows, files] = []] = arrowRows(
      (await db.query("SELECT cold_rows, cold_files FROM alopex.tables WHERE name = 'shipped'")).batches,
    );
    print(
      `\nselective queries over ${String(rows)} rows in ${String(files)} files (moved there in ${(moving / 1000).toFixed(1)} s), against DuckDB over a glob of its own`,
    );
    const faster: number[] = [];
    const table: string[][] = [];
    for (const { name, sql } of QUERIES) {
      const [globMs, ourMs]: [number[], number[]] = [[], []];
      const problem = difference(arrowRows((await db.query(sql)).batches), await plain.rows(sql), 'total');
      if (problem !== undefined) throw new Error(`${name}: ${problem}`);
      for (let round = 0; round < rounds; round++) {
        globMs.push(await timed(() => plain.ask(sql)));
        ourMs.push(await timed(() => db.query(sql)));
      }
      faster.push(median(globMs) / median(ourMs));
      table.push([name, median(globMs).toFixed(1), median(ourMs).toFixed(1), (faster.at(-1) ?? 0).toFixed(1)]);
    }
    table.push(['geometric mean', '', '', geometricMean(faster).toFixed(1)]);
    printTable(['query', 'glob ms', 'our ms', 'times faster'], table);
  } finally {
    await db.close();
    await plain.close();
  }
}
