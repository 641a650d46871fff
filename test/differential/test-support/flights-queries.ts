import type { Parameters } from '../../../engine/ports/kernel.ts';

export interface FlightsQuery {
  readonly name: string;
  readonly sql: string;
  readonly parameters?: Parameters;
  /** Whether the query says a total order of its rows; else they are compared as a bag. */
  readonly order: 'total' | 'none';
  /** Its condition rules out cold files wherever every month of `flights` has one of its own. */
  readonly prunes?: true;
}

const total = (name: string, sql: string, more: Partial<FlightsQuery> = {}): FlightsQuery => ({
  name,
  sql,
  order: 'total',
  ...more,
});
const bag = (name: string, sql: string, more: Partial<FlightsQuery> = {}): FlightsQuery => ({
  name,
  sql,
  order: 'none',
  ...more,
});

/** Questions to the tables `flights` and `airports`, over all that the dialect has. */
export const FLIGHTS_QUERIES: readonly FlightsQuery[] = [
  // Whole-table aggregates
  total(
    'count, sums and extremes',
    'SELECT count(*), sum(delay), min(delay), max(delay), avg(distance), min(date), max(date) FROM flights',
  ),
  total(
    'a checksum of every column',
    'SELECT bit_xor(hash(id, date, delay, distance, origin, destination)), count(*) FROM flights',
  ),
  bag('group by a string', 'SELECT origin, count(*), avg(delay), sum(distance) FROM flights GROUP BY origin'),
  bag('group by all, two keys', 'SELECT origin, destination, count(*) AS n, max(delay) FROM flights GROUP BY ALL'),
  bag('HAVING', 'SELECT origin, count(*) AS n FROM flights GROUP BY origin HAVING count(*) > 3000 AND avg(delay) > 5'),
  bag(
    'aggregates with FILTER and DISTINCT',
    `SELECT origin, count(*) FILTER (WHERE delay > 60) AS late, count(DISTINCT destination) AS places, sum(DISTINCT distance) FROM flights GROUP BY origin`,
  ),
  bag(
    'CASE buckets',
    `SELECT CASE WHEN delay <= 0 THEN 'early' WHEN delay < 15 THEN 'on time' WHEN delay < 60 THEN 'late' ELSE 'very late' END AS bucket, count(*), avg(distance) FROM flights GROUP BY bucket`,
  ),
  total(
    'statistical aggregates',
    'SELECT round(stddev_samp(delay), 6), round(var_pop(delay), 6), round(corr(delay, distance), 8), round(regr_slope(delay, distance), 8), round(covar_pop(delay, distance), 6), round(kurtosis(distance), 6), round(skewness(distance), 6) FROM flights WHERE abs(delay) < 200',
  ),
  bag(
    'median, quantiles and mode',
    'SELECT origin, median(delay), quantile_cont(delay, 0.9), quantile_disc(distance, [0.25, 0.5, 0.75]), mad(delay) FROM flights GROUP BY origin',
  ),
  bag(
    'arg_max with a unique key',
    'SELECT origin, arg_max(id, (delay, id)), arg_min(id, (delay, id)) FROM flights GROUP BY origin',
  ),

  // Order, LIMIT, DISTINCT
  total(
    'ORDER BY with LIMIT and OFFSET',
    'SELECT id, date, delay FROM flights ORDER BY delay DESC, id LIMIT 50 OFFSET 25',
  ),
  total('DISTINCT ON', 'SELECT DISTINCT ON (origin) origin, id, delay FROM flights ORDER BY origin, delay DESC, id'),
  bag('SELECT DISTINCT', 'SELECT DISTINCT origin, month(date) FROM flights'),
  total(
    'NULLS and mixed directions',
    'SELECT nullif(delay, 0) AS d, id FROM flights WHERE id % 1000 < 3 ORDER BY d DESC NULLS FIRST, id ASC LIMIT 200',
  ),

  // Selective points and ranges
  total('a point by primary key', 'SELECT * FROM flights WHERE id = 12345'),
  total(
    'several points by primary key',
    'SELECT * FROM flights WHERE id IN (1, 99999, 150000, 150001, 299999, 1234567) ORDER BY id',
  ),
  total(
    'a day',
    "SELECT count(*), sum(delay), min(id), max(id) FROM flights WHERE date >= TIMESTAMP '2001-02-10' AND date < TIMESTAMP '2001-02-11'",
    { prunes: true },
  ),
  total(
    'a range that crosses months',
    "SELECT origin, count(*) AS n FROM flights WHERE date BETWEEN '2001-01-25' AND '2001-02-05 12:00:00' GROUP BY origin ORDER BY n DESC, origin",
    { prunes: true },
  ),
  total(
    'before and after everything',
    "SELECT count(*) FILTER (WHERE date < '2001-01-01'), count(*) FROM flights WHERE date < '2001-01-01' OR date > '2001-06-30 23:00:00'",
    { prunes: true },
  ),
  total(
    'a range by parameters',
    'SELECT count(*), sum(distance), max(id) FROM flights WHERE date >= $1::TIMESTAMP AND date < $2::TIMESTAMP AND origin = $3',
    { parameters: ['2001-03-05', '2001-03-12', 'ORD'], prunes: true },
  ),
  total(
    'named parameters of several types',
    'SELECT id, delay FROM flights WHERE delay > $least AND distance < $far AND destination IN ($a, $b) ORDER BY id',
    { parameters: { least: 240, far: 2500n, a: 'LAX', b: 'DFW' } },
  ),
  total(
    'a range that a CTE passes on',
    "WITH recent AS (SELECT * FROM flights WHERE date >= TIMESTAMP '2001-06-20') SELECT destination, count(*) AS n FROM recent WHERE delay > 30 GROUP BY destination ORDER BY n DESC, destination LIMIT 20",
    { prunes: true },
  ),

  // Strings
  bag(
    'LIKE, ILIKE and NOT LIKE',
    "SELECT origin, count(*) FROM flights WHERE origin LIKE 'S%' AND destination NOT LIKE '%A%' AND origin ILIKE '%a_' GROUP BY origin",
  ),
  bag(
    'string functions',
    "SELECT upper(left(origin, 1)) || '-' || lower(reverse(destination)) AS k, count(*), max(length(origin || destination)), min(md5(origin)) FROM flights GROUP BY k",
  ),
  bag(
    'regular expressions',
    "SELECT regexp_extract(origin, '^([A-M])(.)', 2) AS second, count(*) FROM flights WHERE regexp_matches(destination, '[XYZ]$') GROUP BY second",
  ),
  total(
    'string_agg in order',
    "SELECT origin, string_agg(DISTINCT destination, ',' ORDER BY destination) FROM flights GROUP BY origin ORDER BY origin",
  ),

  // Dates
  total('date_trunc', "SELECT date_trunc('week', date) AS w, count(*), avg(delay) FROM flights GROUP BY w ORDER BY w"),
  total(
    'date parts and intervals',
    'SELECT hour(date) AS h, dayname(date) AS d, count(*), max(date + INTERVAL (delay) MINUTE) FROM flights GROUP BY h, d ORDER BY h, d',
  ),
  total(
    'time_bucket and date differences',
    "SELECT time_bucket(INTERVAL '10 days', date) AS b, sum(date_diff('hour', TIMESTAMP '2001-01-01', date)), min(age(date, TIMESTAMP '2000-01-01')) FROM flights GROUP BY b ORDER BY b",
  ),
  total(
    'a calendar with gaps',
    "SELECT d::DATE AS day, count(f.id) FROM generate_series(TIMESTAMP '2000-12-25', TIMESTAMP '2001-01-10', INTERVAL 1 DAY) s(d) LEFT JOIN flights f ON f.date >= d AND f.date < d + INTERVAL 1 DAY GROUP BY day ORDER BY day",
  ),

  // Joins
  bag(
    'join with a dimension',
    'SELECT a.region, count(*), avg(f.delay) FROM flights f JOIN airports a ON f.origin = a.code GROUP BY a.region',
  ),
  bag(
    'two roles of a dimension',
    'SELECT o.region AS from_region, d.region AS to_region, count(*), sum(f.distance) FROM flights f JOIN airports o ON f.origin = o.code JOIN airports d ON f.destination = d.code GROUP BY ALL',
  ),
  total(
    'LEFT and ANTI joins',
    'SELECT (SELECT count(*) FROM flights f LEFT JOIN airports a ON f.origin = a.code WHERE a.code IS NULL), (SELECT count(*) FROM flights f ANTI JOIN airports a ON f.destination = a.code), (SELECT count(*) FROM airports a SEMI JOIN flights f ON f.origin = a.code)',
  ),
  bag(
    'FULL JOIN with USING',
    'SELECT code, city, n FROM (SELECT origin AS code, count(*) AS n FROM flights GROUP BY 1) FULL JOIN airports USING (code)',
  ),
  total(
    'self-join on a route and its way back',
    `SELECT a.origin, a.destination, a.n, b.n FROM (SELECT origin, destination, count(*) AS n FROM flights GROUP BY ALL) a JOIN (SELECT origin, destination, count(*) AS n FROM flights GROUP BY ALL) b ON a.origin = b.destination AND a.destination = b.origin WHERE a.n > b.n + 10 ORDER BY ALL`,
  ),
  total(
    'self-join by key with different conditions',
    "SELECT count(*), sum(a.delay - b.delay) FROM flights a JOIN flights b ON b.id = a.id + 1 WHERE a.date < TIMESTAMP '2001-02-01' AND b.delay > a.delay",
  ),
  total(
    'ASOF join',
    `SELECT a.id, a.date, b.id, b.date FROM (SELECT id, date, origin FROM flights WHERE id % 5000 = 7) a ASOF LEFT JOIN (SELECT min(id) AS id, date, origin FROM flights WHERE delay > 120 GROUP BY date, origin) b ON a.origin = b.origin AND a.date >= b.date ORDER BY a.id`,
  ),
  bag(
    'LATERAL',
    'SELECT a.code, t.id, t.delay FROM airports a, LATERAL (SELECT id, delay FROM flights f WHERE f.origin = a.code ORDER BY delay DESC, id LIMIT 3) t',
  ),

  // Subqueries and set operations
  total(
    'correlated scalar subquery',
    'SELECT a.code, (SELECT count(*) FROM flights f WHERE f.origin = a.code AND f.delay > a.patience) AS late FROM airports a ORDER BY a.code',
  ),
  total(
    'correlated with the same table',
    'SELECT count(*), sum(id) FROM flights f WHERE delay > 3 * (SELECT avg(delay) + 20 FROM flights g WHERE g.origin = f.origin)',
  ),
  total(
    'EXISTS and NOT EXISTS',
    'SELECT code FROM airports a WHERE EXISTS (SELECT 1 FROM flights f WHERE f.origin = a.code AND f.delay > 500) AND NOT EXISTS (SELECT 1 FROM flights f WHERE f.destination = a.code AND f.distance > 2600) ORDER BY code',
  ),
  total(
    'NOT IN',
    "SELECT count(*), min(id) FROM flights WHERE origin NOT IN (SELECT code FROM airports WHERE region = 'west') AND destination NOT IN ('ORD', 'ATL')",
  ),
  bag(
    'EXCEPT and INTERSECT',
    'SELECT origin FROM flights WHERE distance > 2000 EXCEPT SELECT destination FROM flights WHERE distance > 2400 INTERSECT SELECT code FROM airports',
  ),
  bag(
    'UNION and UNION ALL BY NAME',
    "SELECT 'o' AS kind, origin AS code, count(*) AS n FROM flights GROUP BY ALL UNION ALL BY NAME SELECT count(*) AS n, destination AS code, 'd' AS kind FROM flights GROUP BY ALL UNION SELECT 'a', code, patience FROM airports",
  ),

  // CTEs
  total(
    'chained CTEs',
    'WITH daily AS (SELECT date::DATE AS d, count(*) AS n, sum(delay) AS s FROM flights GROUP BY d), ranked AS (SELECT *, rank() OVER (ORDER BY s DESC, d) AS r FROM daily) SELECT d, n, s, r FROM ranked WHERE r <= 15 ORDER BY r',
  ),
  total(
    'recursive CTE over routes',
    "WITH RECURSIVE routes AS MATERIALIZED (SELECT DISTINCT origin, destination FROM flights WHERE distance BETWEEN 300 AND 900), reach(code, hops) AS (SELECT 'SEA', 0 UNION SELECT r.destination, hops + 1 FROM reach JOIN routes r ON r.origin = reach.code WHERE hops < 3) SELECT code, min(hops) FROM reach GROUP BY code ORDER BY code",
  ),
  total(
    'VALUES as a table',
    "SELECT v.label, count(f.id), sum(f.delay) FROM (VALUES ('short', 0, 500), ('middle', 500, 1500), ('long', 1500, 100000)) AS v(label, low, high) LEFT JOIN flights f ON f.distance >= v.low AND f.distance < v.high GROUP BY v.label ORDER BY v.label",
  ),

  // Windows
  total(
    'ranks and rows in windows',
    'SELECT * FROM (SELECT origin, id, delay, row_number() OVER w AS rn, dense_rank() OVER (PARTITION BY origin ORDER BY delay DESC) AS dr FROM flights WINDOW w AS (PARTITION BY origin ORDER BY delay DESC, id)) WHERE rn <= 2 ORDER BY origin, rn',
  ),
  total(
    'running sums and lags',
    "SELECT d, n, sum(n) OVER (ORDER BY d), lag(n, 7) OVER (ORDER BY d), avg(n) OVER (ORDER BY d ROWS BETWEEN 3 PRECEDING AND 3 FOLLOWING), first_value(n) OVER (ORDER BY d RANGE BETWEEN INTERVAL 5 DAY PRECEDING AND CURRENT ROW) FROM (SELECT date_trunc('day', date) AS d, count(*) AS n FROM flights GROUP BY d) ORDER BY d",
  ),
  total(
    'QUALIFY',
    'SELECT origin, destination, count(*) AS n FROM flights GROUP BY origin, destination QUALIFY row_number() OVER (PARTITION BY origin ORDER BY n DESC, destination) = 1 ORDER BY origin',
  ),
  total(
    'ntile and percent_rank',
    'SELECT q, count(*), min(p), max(p) FROM (SELECT ntile(7) OVER (ORDER BY distance, id) AS q, percent_rank() OVER (ORDER BY distance) AS p FROM flights WHERE id % 10 = 3) GROUP BY q ORDER BY q',
  ),

  // Grouping sets and PIVOT
  bag(
    'ROLLUP',
    'SELECT month(date) AS m, left(origin, 1) AS o, grouping(m, o), count(*), sum(delay) FROM flights GROUP BY ROLLUP (m, o)',
  ),
  bag(
    'CUBE',
    'SELECT quarter(date) AS q, delay > 15 AS late, distance > 1000 AS far, count(*) FROM flights GROUP BY CUBE (q, late, far)',
  ),
  bag(
    'GROUPING SETS',
    'SELECT origin, destination, count(*), max(distance) FROM flights GROUP BY GROUPING SETS ((origin), (destination), (origin, destination), ())',
  ),
  total(
    'PIVOT',
    "SELECT * FROM (PIVOT (SELECT origin, month(date) AS m, delay FROM flights WHERE origin IN ('ORD', 'ATL', 'SEA', 'BOS')) ON m IN (1, 2, 3, 4, 5, 6) USING count(*) AS n, max(delay) AS worst GROUP BY origin) ORDER BY origin",
  ),
  total(
    'UNPIVOT',
    'SELECT name, value FROM (UNPIVOT (SELECT count(*) AS rows_, sum(delay)::BIGINT AS delay_, max(distance) AS far_ FROM flights) ON COLUMNS(*) INTO NAME name VALUE value) ORDER BY name',
  ),

  // Lists, structs and maps
  total(
    'list_agg and list functions',
    'SELECT origin, list_slice(list(delay ORDER BY delay DESC, id), 1, 5), list_sum(list(distance)), len(list_distinct(list(destination))) FROM flights WHERE id % 50 = 0 GROUP BY origin ORDER BY origin',
  ),
  total(
    'unnest of a list',
    "SELECT u, count(*) FROM (SELECT unnest([origin, destination]) AS u FROM flights WHERE date < TIMESTAMP '2001-01-20') GROUP BY u ORDER BY u",
    { prunes: true },
  ),
  total(
    'list comprehension and lambda',
    'SELECT origin, [x * 2 FOR x IN l IF x > 100], list_reduce(list_transform(l, lambda x: x + 1), lambda a, b: a + b) FROM (SELECT origin, list(delay ORDER BY id) AS l FROM flights WHERE id % 97 = 0 GROUP BY origin) ORDER BY origin',
  ),
  total(
    'structs',
    "SELECT s.o, s.d.id, s FROM (SELECT {'o': origin, 'd': {'id': max(id), 'when': max(date)}} AS s FROM flights GROUP BY origin) ORDER BY s.o",
  ),
  total(
    'maps and histograms',
    'SELECT m, map_from_entries(list((o, n) ORDER BY o)) FROM (SELECT month(date) AS m, left(origin, 1) AS o, count(*) AS n FROM flights WHERE length(origin) > 0 GROUP BY ALL) WHERE m IS NOT NULL GROUP BY m ORDER BY m',
  ),
];
