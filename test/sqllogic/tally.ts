import type { RecordResult } from '../../engine/sql/sqllogic/script-result.ts';
import { rootCauses } from './root-causes.ts';
import type { FileResult } from './run-file.ts';

/** Counts of one folder. Records that do not apply are in `skipped` and in no other count. */
export interface Tally {
  readonly folder: string;
  files: number;
  /** Files that ran to their end without a failure. */
  filesPassed: number;
  filesSkipped: number;
  passed: number;
  /** Of those passed: the error came with other words than expected. */
  passedByKind: number;
  failed: number;
  skipped: number;
}

export interface Failing {
  readonly reason: string;
  readonly count: number;
  /** Failures that follow from these: of later records of the same files, which miss what was not done. */
  readonly following: number;
  readonly files: number;
  /** `path:line` of one of them. */
  readonly example: string;
}

export interface Summary {
  readonly folders: readonly Tally[];
  readonly total: Tally;
  readonly failing: readonly Failing[];
  readonly skipping: readonly Failing[];
}

export function summarize(results: readonly FileResult[], folderOf: (path: string) => string): Summary {
  const folders = new Map<string, Tally>();
  const total = emptyTally('all');
  const failing = new Reasons();
  const skipping = new Reasons();
  for (const result of results) {
    const folder = folderOf(result.path);
    const tally = folders.get(folder) ?? emptyTally(folder);
    folders.set(folder, tally);
    for (const counts of [tally, total]) addFile(counts, result);
    if (result.broken !== undefined) failing.add(`broken: ${result.broken}`, result.path, 0);
    if (result.skipped !== undefined) skipping.add(result.skipped, result.path, 0, result.records.length === 0 ? 1 : 0);
    for (const { line, outcome } of result.records) {
      if (outcome.kind === 'skipped') skipping.add(outcome.reason, result.path, line);
    }
    for (const [record, root] of rootCauses(result.records)) {
      if (root === record) failing.add(reasonOf(record), result.path, record.line);
      else failing.follow(reasonOf(root), result.path, record.line);
    }
  }
  return { folders: [...folders.values()], total, failing: failing.sorted(), skipping: skipping.sorted() };
}

function addFile(tally: Tally, { records, broken, skipped }: FileResult): void {
  tally.files++;
  const count = (kind: 'passed' | 'failed' | 'skipped'): number =>
    records.filter(({ outcome }) => outcome.kind === kind).length;
  const failed = count('failed') + (broken === undefined ? 0 : 1);
  tally.passed += count('passed');
  tally.passedByKind += records.filter(({ outcome }) => outcome.kind === 'passed' && outcome.byKind).length;
  tally.failed += failed;
  tally.skipped += count('skipped');
  if (skipped !== undefined) tally.filesSkipped++;
  else if (failed === 0) tally.filesPassed++;
}

function emptyTally(folder: string): Tally {
  return { folder, files: 0, filesPassed: 0, filesSkipped: 0, passed: 0, passedByKind: 0, failed: 0, skipped: 0 };
}

class Reasons {
  readonly #reasons = new Map<string, { count: number; following: number; files: Set<string>; example: string }>();

  add(reason: string, path: string, line: number, count = 1): void {
    this.#at(reason, path, line).count += count;
  }

  follow(reason: string, path: string, line: number): void {
    this.#at(reason, path, line).following++;
  }

  sorted(): Failing[] {
    return [...this.#reasons]
      .map(([reason, { files, ...counts }]) => ({ reason, ...counts, files: files.size }))
      .sort((left, right) => right.count + right.following - left.count - left.following);
  }

  #at(reason: string, path: string, line: number): { count: number; following: number } {
    const key = normalizedReason(reason);
    const known = this.#reasons.get(key) ?? { count: 0, following: 0, files: new Set(), example: `${path}:${line}` };
    known.files.add(path);
    this.#reasons.set(key, known);
    return known;
  }
}

function reasonOf({ outcome }: RecordResult): string {
  return outcome.kind === 'passed' ? '' : outcome.reason;
}

/** The same reason with other names and numbers counts as the same: the first line, with quoted text and digits left out. */
export function normalizedReason(reason: string): string {
  const [line = ''] = reason.split('\n');
  if (line.startsWith('wrong value')) return 'wrong value';
  if (line.startsWith('wrong hash')) return 'wrong hash';
  if (line.startsWith('another error is expected')) {
    const found = /— found: (.*)$/s.exec(reason)?.[1] ?? '';
    return `another error is expected — found: ${normalizedReason(found)}`;
  }
  const [, code = '', rest = line] = /^([0-9A-Z]{5} )?(.*)$/.exec(line) ?? [];
  return `${code}${rest
    .replace(/"[^"]*"/g, '"…"')
    .replace(/'[^']*'/g, "'…'")
    .replace(/\d+/g, '#')}`.slice(0, 160);
}
