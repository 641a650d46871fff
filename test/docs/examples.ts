/** Statements of one kind, in the order in which they are run. */
export interface ExampleGroup {
  readonly title: string;
  readonly supported: readonly string[];
  /** With the SQLSTATE of the refusal. */
  readonly refused?: readonly (readonly [code: string, sql: string])[];
}

export const EXAMPLES: readonly ExampleGroup[] = [
  {
    title: 'Tables',
    supported: [
      `CREATE TABLE shops (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL UNIQUE, city VARCHAR DEFAULT 'Bern')`,
      `CREATE TABLE sales (id BIGINT PRIMARY KEY, shop INTEGER, ts TIMESTAMP, amount DECIMAL(9, 2) CHECK (amount >= 0), day DATE AS (ts::DATE))
  WITH (sort_by = 'ts', partition_by = 'month(ts)', history_retention = INTERVAL '1 day')`,
      `CREATE TABLE IF NOT EXISTS shops (id INTEGER)`,
      `CREATE OR REPLACE TABLE numbers AS SELECT range AS n FROM range(100)`,
      `CREATE TABLE empty AS FROM numbers WITH NO DATA`,
      `CREATE TABLE visits (id BIGINT GENERATED ALWAYS AS IDENTITY, shop INTEGER, note VARCHAR)`,
      `CREATE TABLE copies (LIKE shops)`,
      `CREATE TEMP TABLE scratch AS SELECT 1 AS x`,
      `DROP TABLE IF EXISTS empty, nowhere`,
    ],
    refused: [
      ['42P07', `CREATE TABLE shops (id INTEGER)`],
      ['0A000', `CREATE TABLE orders (shop INTEGER REFERENCES shops (id))`],
      ['42601', `CREATE TABLE t (id INTEGER PRIMARY)`],
    ],
  },
  {
    title: 'Changes of rows',
    supported: [
      `INSERT INTO shops VALUES (1, 'Aare', 'Bern'), (2, 'Limmat', 'Zürich')`,
      `INSERT INTO shops (id, name) VALUES (3, 'Gürbe') RETURNING city`,
      `INSERT INTO sales BY NAME SELECT n AS id, n % 3 + 1 AS shop, TIMESTAMP '2026-01-01' + to_days(n::INTEGER) AS ts, n AS amount FROM numbers`,
      `INSERT OR REPLACE INTO sales (id, shop, ts, amount) VALUES (7, 3, '2026-01-08', 12.50)`,
      `INSERT OR IGNORE INTO shops VALUES (3, 'Rhône', 'Genf')`,
      `INSERT INTO shops VALUES (2, 'Sihl', 'Zürich') ON CONFLICT (id) DO UPDATE SET name = excluded.name`,
      `INSERT INTO shops VALUES (2, 'Sihl', 'Zürich') ON CONFLICT DO NOTHING`,
      `UPDATE sales SET amount = amount * 2 WHERE shop = 2`,
      `UPDATE sales SET amount = 0 FROM shops WHERE shops.id = sales.shop AND shops.city = 'Thun'`,
      `DELETE FROM sales WHERE id = 99 RETURNING id, amount`,
      `DELETE FROM sales USING shops WHERE sales.shop = shops.id AND shops.name = 'nobody'`,
      `MERGE INTO shops USING (SELECT 4 AS id, 'Reuss' AS name, 'Luzern' AS city) AS new ON shops.id = new.id
  WHEN MATCHED THEN UPDATE SET city = new.city
  WHEN NOT MATCHED THEN INSERT BY NAME`,
      `TRUNCATE numbers`,
    ],
    refused: [
      ['23505', `INSERT INTO shops VALUES (1, 'Rhein', 'Basel')`],
      ['23502', `INSERT INTO shops VALUES (9, NULL, 'Basel')`],
      ['23514', `UPDATE sales SET amount = -1`],
      ['428C9', `INSERT INTO sales (id, day) VALUES (1000, '2026-01-01')`],
      ['22P02', `INSERT INTO shops VALUES ('nine', 'Rhein', 'Basel')`],
      ['42703', `UPDATE sales SET price = 1`],
    ],
  },
  {
    title: 'Queries',
    supported: [
      `SELECT city, sum(amount) AS total FROM sales JOIN shops ON shop = shops.id GROUP BY ALL ORDER BY total DESC`,
      `FROM sales WHERE ts BETWEEN TIMESTAMP '2026-01-05' AND TIMESTAMP '2026-01-09' LIMIT 3`,
      `WITH best AS (SELECT shop, max(amount) AS most FROM sales GROUP BY shop) SELECT * FROM best`,
      `SELECT id, sum(amount) OVER (PARTITION BY shop ORDER BY ts) FROM sales QUALIFY row_number() OVER (PARTITION BY shop ORDER BY ts) = 1`,
      `PIVOT sales ON shop USING sum(amount) GROUP BY day`,
      `SUMMARIZE shops`,
      `DESCRIBE sales`,
      `SHOW TABLES`,
      `EXPLAIN SELECT * FROM sales WHERE id = 7`,
      `EXPLAIN (ANALYZE, FORMAT json) SELECT count(*) FROM sales`,
    ],
    refused: [
      ['42P01', `SELECT * FROM nowhere`],
      ['42883', `SELECT nothing(1)`],
    ],
  },
  {
    title: 'Tables as they were',
    supported: [
      `SELECT first_version, last_version, valid_from FROM alopex.history WHERE table_name = 'sales'`,
      `SELECT count(*) FROM sales AT (TIMESTAMP => now())`,
      `SELECT now.id FROM sales AS now ANTI JOIN sales AS before AT (TIMESTAMP => now()) USING (id)`,
      `ALTER TABLE sales SET (history_retention = INTERVAL '7 days')`,
    ],
    refused: [
      ['22023', `SELECT * FROM sales AT (VERSION => 1000000)`],
      ['55000', `SELECT * FROM sales AT (TIMESTAMP => TIMESTAMP '2000-01-01')`],
      ['55000', `SELECT * FROM shops AT (VERSION => 1)`],
      ['0A000', `CREATE VIEW before AS FROM sales AT (VERSION => 1)`],
    ],
  },
  {
    title: 'Changes of tables',
    supported: [
      `ALTER TABLE shops ADD COLUMN opened DATE DEFAULT '2020-01-01'`,
      `ALTER TABLE shops ADD COLUMN place STRUCT(street VARCHAR, no INTEGER)`,
      `ALTER TABLE shops ADD COLUMN place.zip VARCHAR`,
      `ALTER TABLE shops RENAME COLUMN opened TO since`,
      `ALTER TABLE shops ALTER COLUMN since SET NOT NULL`,
      `ALTER TABLE shops ALTER COLUMN since DROP DEFAULT`,
      `ALTER TABLE shops ALTER COLUMN id TYPE BIGINT`,
      `ALTER TABLE shops ALTER COLUMN city FIRST`,
      `ALTER TABLE shops ADD CONSTRAINT old CHECK (since > '1900-01-01')`,
      `ALTER TABLE shops DROP CONSTRAINT old`,
      `ALTER TABLE shops DROP COLUMN place`,
      `ALTER TABLE shops RENAME TO stores`,
      `CREATE UNIQUE INDEX store_city ON stores (city, name)`,
      `DROP INDEX store_city`,
      `COMMENT ON COLUMN stores.since IS 'the first day'`,
    ],
    refused: [
      ['0A000', `ALTER TABLE sales ALTER COLUMN id TYPE INTEGER`],
      ['42P16', `ALTER TABLE sales DROP COLUMN ts`],
    ],
  },
  {
    title: 'Schemas, views, macros, types and sequences',
    supported: [
      `CREATE SCHEMA lab`,
      `CREATE SEQUENCE lab.numbers START 100`,
      `CREATE TYPE mood AS ENUM ('fine', 'bad')`,
      `CREATE TABLE lab.notes (id BIGINT DEFAULT nextval('lab.numbers'), mood mood, body VARCHAR)`,
      `INSERT INTO lab.notes (mood, body) VALUES ('fine', 'a first one')`,
      `CREATE OR REPLACE VIEW fine_notes AS SELECT * FROM lab.notes WHERE mood = 'fine'`,
      `CREATE MACRO with_tax(x, rate := 0.08) AS x * (1 + rate)`,
      `CREATE MACRO sales_of(wanted) AS TABLE SELECT * FROM sales WHERE shop = wanted`,
      `SELECT with_tax(amount), id FROM sales_of(1)`,
      `SELECT nextval('lab.numbers') FROM fine_notes`,
      `DROP VIEW fine_notes`,
      `DROP SCHEMA lab CASCADE`,
    ],
    refused: [
      ['3F000', `CREATE TABLE nowhere.t (id INTEGER)`],
      ['42939', `CREATE TABLE alopex.t (id INTEGER)`],
    ],
  },
  {
    title: 'Transactions and sessions',
    supported: [
      `BEGIN`,
      `UPDATE stores SET city = 'Biel' WHERE id = 1`,
      `SAVEPOINT before_all`,
      `DELETE FROM stores`,
      `ROLLBACK TO before_all`,
      `COMMIT`,
      `BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY`,
      `ROLLBACK`,
      `SET statement_timeout = '5s'`,
      `SET TimeZone = 'Europe/Zurich'`,
      `RESET ALL`,
      `PREPARE by_id AS SELECT * FROM stores WHERE id = $1`,
      `EXECUTE by_id(1)`,
      `DEALLOCATE by_id`,
      `PRAGMA table_info('stores')`,
    ],
    refused: [
      ['55P02', `SET enable_external_access = false`],
      ['42704', `SET no_such_setting = 1`],
      ['25P01', `COMMIT`],
      ['0A000', `ATTACH 'other.db'`],
    ],
  },
  {
    title: 'Tiers and upkeep',
    supported: [
      `ALTER TABLE sales TIER PARTITION WHERE ts < '2026-02-01' TO COLD`,
      `ALTER TABLE sales TIER PARTITION WHERE day = '2026-01-31' TO HOT`,
      `CHECKPOINT`,
      `VACUUM sales`,
      `SELECT name, memory_rows, hot_rows, cold_rows, history_bytes FROM alopex.tables`,
      `SELECT tier, row_count, deleted_rows FROM alopex.segments WHERE table_name = 'sales'`,
      `SELECT snapshot_id, operation FROM alopex.snapshots`,
    ],
    refused: [['22023', `ALTER TABLE sales SET (tier_after = 'soon')`]],
  },
];
