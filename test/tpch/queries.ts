import type { Dataset, SuiteName } from './dataset.ts';

export interface CheckedQuery {
  readonly number: number;
  /** As published. */
  readonly sql: string;
  /** A query whose rows, in the order said, do not depend on the plan. */
  readonly checkSql: string;
  readonly order: 'total' | 'none';
}

/** Rows of equal value are in any order: query 11 of TPC-H. */
const OPEN_ORDER = new Set([11]);

/** The queries of a suite. Many of TPC-DS return the first hundred rows in an order that has ties: without LIMIT their rows are certain. */
export function checkedQueries(suite: SuiteName, dataset: Dataset): readonly CheckedQuery[] {
  return dataset.queries.map(({ number, sql: text }) => {
    const sql = text.trim().replace(/;$/, '');
    if (suite === 'tpch') return { number, sql, checkSql: sql, order: OPEN_ORDER.has(number) ? 'none' : 'total' };
    return { number, sql, checkSql: sql.replace(/\bLIMIT\s+\d+\s*$/i, ''), order: 'none' };
  });
}
