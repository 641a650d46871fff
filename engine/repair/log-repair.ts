import { flushedSeqOf, LogAudit, type CommitRange } from '../check/log-audit.ts';
import { logFileNames, readLogFile, type LogFileReading } from '../check/log-reading.ts';
import type { ManifestReading } from '../check/manifest-reading.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { RepairPlan } from './repair-plan.ts';

/**
 * Keeps the commits before the first problem, and no others: a later commit builds on those before it (it deletes rows that they added), so that without them it would make a state that never was.
 */
export async function planLog(
  fileSystem: FileSystem,
  dataDir: string,
  reading: ManifestReading,
  plan: RepairPlan,
): Promise<void> {
  const folder = `${dataDir}/log`;
  const hasKeyFiles = (await fileSystem.list(`${dataDir}/kv`)).length > 0;
  const flushedSeq = flushedSeqOf(reading, hasKeyFiles);
  const audit = new LogAudit(reading, flushedSeq);
  const names = await logFileNames(fileSystem, folder);
  let lastKept: number | undefined;
  let damaged: LogFileReading | undefined;
  const later: { readonly count: number; readonly range: CommitRange }[] = [];
  for (const name of names) {
    const file = await readLogFile(fileSystem, folder, name, name === names.at(-1), audit);
    if (damaged === undefined) lastKept = file.lastSeq ?? lastKept;
    else if (file.commitCount > 0 && file.lastSeq !== undefined) {
      const range = { from: file.lastSeq - file.commitCount + 1, to: file.lastSeq };
      later.push({ count: file.commitCount, range });
    }
    if (file.problem?.later !== undefined) later.push(file.problem.later);
    if (damaged !== undefined) plan.logCuts.push({ file: `log/${name}`, keepBytes: 0 });
    else if (file.problem !== undefined) {
      damaged = file;
      plan.logCuts.push({ file: `log/${name}`, keepBytes: file.problem.offset });
    }
  }
  if (damaged?.problem === undefined) return;
  plan.items.push({
    outcome: 'lost',
    file: `log/${damaged.name}`,
    problem: `at byte ${damaged.problem.offset}, ${damaged.problem.text}`,
    action: lostCommits(lastKept, damaged, later),
  });
}

function lostCommits(
  lastKept: number | undefined,
  { problem }: LogFileReading,
  later: readonly { readonly count: number; readonly range: CommitRange }[],
): string {
  const kept = lastKept === undefined ? 'no commit of the log was kept' : `the commits up to ${lastKept} were kept`;
  const count = later.reduce((sum, some) => sum + some.count, 0);
  const last = Math.max(problem?.missing?.to ?? 0, ...later.map(({ range }) => range.to));
  if (last === 0) return `${kept}; those after are lost, how many is not known`;
  const first = lastKept === undefined ? 'those' : `commits ${lastKept + 1}`;
  const intact = count === 0 ? '' : `; ${count} of them are intact but build on what is lost, and were not applied`;
  return `${kept}; ${first} up to ${last} are lost as far as they are in no segment${intact}`;
}
