import type { Failing, Summary, Tally } from './tally.ts';

/** The summary for people: a table by folder, then the reasons. */
export function printedSummary({ folders, total, failing, skipping }: Summary, reasons: number): string {
  const rows = [...folders, total].map(row);
  return [
    '| folder | files | passed whole | skipped | records that apply | passed | by kind | failed | % | do not apply |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    ...section('failures, and failures that follow from them', failing, reasons),
    ...section('not run', skipping, reasons),
  ].join('\n');
}

function row(tally: Tally): string {
  const applicable = tally.passed + tally.failed;
  const percent = applicable === 0 ? '' : ((100 * tally.passed) / applicable).toFixed(1);
  const { folder, files, filesPassed, filesSkipped, passed, passedByKind, failed, skipped } = tally;
  return `| ${[folder, files, filesPassed, filesSkipped, applicable, passed, passedByKind, failed, percent, skipped].join(' | ')} |`;
}

function section(title: string, items: readonly Failing[], limit: number): string[] {
  if (items.length === 0) return [];
  const lines = items.slice(0, limit).map(({ reason, count, following, files, example }) => {
    const counts = following === 0 ? String(count) : `${count} + ${following}`;
    return `${counts.padStart(12)}  ${reason}  (${files} files, ${example})`;
  });
  const more = items.length > limit ? [`              and ${items.length - limit} other reasons`] : [];
  return [`${title}:`, ...lines, ...more, ''];
}
