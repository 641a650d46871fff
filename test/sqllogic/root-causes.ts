import type { RecordResult } from '../../engine/sql/sqllogic/script-result.ts';

/** What is told to be missing: the name in `Table with name x does not exist`, `table "x" does not exist` and the like. */
const MISSING = /(?:with name|table|named|column|function|setting) "?([^"\s]+?)"? (?:does not exist|not found)/i;

/** Failures that stand for themselves whatever failed before. */
const DIRECT = /^0A000 /;

/**
 * For each failed record of a script, the failed record that it follows from, or itself. It is a guess for the reader: a name that is missing goes back
 * to the statement that failed to make it, any other difference to the first statement of the script that failed and should not have.
 */
export function rootCauses(records: readonly RecordResult[]): Map<RecordResult, RecordResult> {
  const roots = new Map<RecordResult, RecordResult>();
  const undone: RecordResult[] = [];
  for (const record of records) {
    if (record.outcome.kind !== 'failed') continue;
    const { reason } = record.outcome;
    const root = DIRECT.test(reason) ? record : (cause(reason, undone) ?? record);
    roots.set(record, roots.get(root) ?? root);
    if (changes(record.sql) && !reason.startsWith('wrong')) undone.push(record);
  }
  return roots;
}

function cause(reason: string, undone: readonly RecordResult[]): RecordResult | undefined {
  const missing = MISSING.exec(reason)?.[1]?.split('.').at(-1)?.toLowerCase();
  if (missing === undefined) return undone[0];
  return undone.findLast(({ sql }) => words(sql).has(missing)) ?? undone[0];
}

function changes(sql: string): boolean {
  return !/^\s*(select|from|values|explain|describe|show|summarize|execute|\()/i.test(sql);
}

function words(sql: string): Set<string> {
  return new Set(sql.toLowerCase().match(/\w+/g));
}
