/** What the tour asks of the flights, after rows on both sides of the cutoff have changed. */
export const QUESTIONS: readonly { readonly question: string; readonly sql: string }[] = [
  {
    question: 'How many flights are there, and from when to when?',
    sql: 'SELECT count(*) AS flights, min(date) AS first, max(date) AS last FROM flights',
  },
  {
    question: 'Which airports send off the most flights, and how late are they?',
    sql: 'SELECT origin, count(*) AS flights, round(avg(delay), 1) AS avg_delay FROM flights GROUP BY origin ORDER BY flights DESC LIMIT 5',
  },
  {
    question: 'How did delays develop from month to month? (both tiers)',
    sql: "SELECT strftime(date, '%Y-%m') AS month, count(*) AS flights, round(avg(delay), 1) AS avg_delay, quantile_disc(delay, 0.95) AS p95 FROM flights WHERE date < '2001-07-01' GROUP BY month ORDER BY month",
  },
  {
    question: 'Which day of March was the worst in Chicago? (cold files only; all others are pruned)',
    sql: "SELECT date::DATE AS day, count(*) AS flights, round(avg(delay), 1) AS avg_delay FROM flights WHERE origin = 'ORD' AND date_trunc('month', date) = DATE '2001-03-01' GROUP BY day ORDER BY avg_delay DESC LIMIT 3",
  },
  {
    question: 'And in the last week of June? (hot rows only; no cold file is touched)',
    sql: "SELECT date::DATE AS day, count(*) AS flights, round(avg(delay), 1) AS avg_delay FROM flights WHERE origin = 'ORD' AND date >= '2001-06-24' AND date < '2001-07-01' GROUP BY day ORDER BY avg_delay DESC LIMIT 3",
  },
  {
    question: 'On which routes did the median delay grow most from January to June? (a join of cold with hot rows)',
    sql: 'WITH m AS (SELECT origin, destination, month(date) AS month, median(delay) AS delay, count(*) AS n FROM flights GROUP BY ALL) SELECT a.origin, a.destination, a.delay AS january, b.delay AS june, b.delay - a.delay AS change FROM m a JOIN m b USING (origin, destination) WHERE a.month = 1 AND b.month = 6 AND a.n >= 300 AND b.n >= 300 ORDER BY change DESC, origin, destination LIMIT 5',
  },
  {
    question: 'What became of the rows that were changed? (11 is gone, 12 has another delay, 3000001 is new)',
    sql: 'SELECT id, date, delay, origin, destination FROM flights WHERE id IN (11, 12, 2999990, 3000001, 3000002) ORDER BY id',
  },
];
