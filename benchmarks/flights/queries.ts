/** Twelve questions about the flights, from a plain count to windows. `flights` is the table. */
export const QUERIES: readonly { readonly name: string; readonly sql: string }[] = [
  { name: 'count', sql: 'SELECT count(*) FROM flights' },
  { name: 'sum of two columns', sql: 'SELECT sum(delay), sum(distance), avg(delay) FROM flights' },
  {
    name: 'group by origin',
    sql: 'SELECT origin, count(*) AS n, avg(delay) FROM flights GROUP BY origin ORDER BY n DESC',
  },
  {
    name: 'group by route',
    sql: 'SELECT origin, destination, count(*) AS n FROM flights GROUP BY ALL ORDER BY n DESC, origin, destination LIMIT 20',
  },
  {
    name: 'per day',
    sql: "SELECT date_trunc('day', date) AS day, count(*), avg(delay) FROM flights GROUP BY day ORDER BY day",
  },
  {
    name: 'one week',
    sql: "SELECT origin, sum(delay) FROM flights WHERE date >= '2001-03-05' AND date < '2001-03-12' GROUP BY origin ORDER BY 2 DESC",
  },
  { name: 'filter on delay', sql: 'SELECT count(*), max(distance) FROM flights WHERE delay > 120' },
  { name: 'text filter', sql: "SELECT count(*) FROM flights WHERE origin LIKE 'S%' AND destination = 'JFK'" },
  {
    name: 'quantiles',
    sql: 'SELECT origin, median(delay), quantile_cont(delay, 0.95) FROM flights GROUP BY origin ORDER BY origin',
  },
  {
    name: 'count distinct',
    sql: 'SELECT count(DISTINCT origin || destination), count(DISTINCT distance) FROM flights',
  },
  {
    name: 'window',
    sql: 'SELECT origin, day, n, rank() OVER (PARTITION BY origin ORDER BY n DESC) AS r FROM (SELECT origin, date::DATE AS day, count(*) AS n FROM flights GROUP BY ALL) QUALIFY r <= 3 ORDER BY origin, r, day',
  },
  {
    name: 'top delays',
    sql: 'SELECT date, origin, destination, delay FROM flights ORDER BY delay DESC, date, origin, destination LIMIT 50',
  },
];
