import { readManifest, type ManifestReading } from '../check/manifest-reading.ts';
import { checkMoves } from '../check/moves.ts';
import { unknownFiles } from '../check/unknown-files.ts';
import { checkColdTable } from '../check/cold-tables.ts';
import type { Finding } from '../check/finding.ts';
import type { ColdStorageResolver } from '../ports/cold-storage.ts';
import type { ManifestState } from '../lsm/state.ts';
import type { FileSystem } from '../ports/file-system.ts';
import { applyPlan } from './apply-plan.ts';
import { planDataFiles } from './data-file-repair.ts';
import { forgottenMoves } from './forgotten-moves.ts';
import { planKeySegments } from './key-segment-repair.ts';
import { planLog } from './log-repair.ts';
import { isCut, planManifest } from './manifest-repair.ts';
import { planMoves } from './move-repair.ts';
import type { RepairItem } from './repair-item.ts';
import type { RepairPlan } from './repair-plan.ts';

export interface RepairPorts {
  readonly fileSystem: FileSystem;
  readonly storage: ColdStorageResolver;
}

export interface RepairOptions {
  /** Part of the name of the folder that keeps copies: `lost-<timestamp>`. */
  readonly timestamp: string;
  /** Tells what would be done, and does nothing. */
  readonly dryRun?: boolean;
  /** Drops damaged delete files, though the rows that they delete are there again then. */
  readonly acceptResurrectedRows?: boolean;
}

export interface RepairReport {
  readonly items: readonly RepairItem[];
  /** Folder below the data directory with copies of all that was changed or removed; `undefined` when nothing was. */
  readonly lostFolder: string | undefined;
  /** Whether anything is lost, or still damaged. */
  readonly hasLoss: boolean;
}

/**
 * Makes a directory one that opens, with all that is provably intact. Nothing is removed or changed before there is a durable copy of it, and a repair that was broken off can be made again.
 * The caller holds the directory's lock. Throws `XX001` when no manifest is left to say what the other files are, `0A000` when a later AlopexDB wrote the directory; nothing is changed then.
 */
export async function repairDatabase(
  ports: RepairPorts,
  dataDir: string,
  options: RepairOptions,
): Promise<RepairReport> {
  const { fileSystem } = ports;
  const reading = await readManifest(fileSystem, `${dataDir}/manifest`);
  const plan = planManifest(reading, dataDir);
  await planLog(fileSystem, dataDir, reading, plan);
  await planMoves(ports, dataDir, plan);
  await planDataFiles(fileSystem, dataDir, plan, options.acceptResurrectedRows ?? false);
  await planKeySegments(fileSystem, dataDir, plan);
  plan.items.push(...(await itemsLeft(ports, dataDir, reading, plan.state)));
  const changes = plan.rewritesManifest || plan.logCuts.length > 0 || plan.state !== reading.state;
  if (changes) await planUnknownFiles(fileSystem, dataDir, reading, plan);
  const lostFolder =
    changes && options.dryRun !== true
      ? await applyPlan(fileSystem, dataDir, plan, reading.state, options.timestamp)
      : undefined;
  const hasLoss = plan.items.some(({ outcome }) => outcome === 'lost' || outcome === 'left');
  return { items: plan.items, lostFolder, hasLoss };
}

/** What nothing names may hold what is lost, and the next open would remove it. Its numbers are not given out again: new files come beside it. */
async function planUnknownFiles(
  fileSystem: FileSystem,
  dataDir: string,
  { name, state }: ManifestReading,
  plan: RepairPlan,
): Promise<void> {
  const { data } = await unknownFiles(fileSystem, dataDir, state, name);
  let { nextFileId } = plan.state;
  for (const file of data) {
    const problem = 'nothing names it';
    plan.items.push({ outcome: 'aside', file, problem, action: 'moved into the folder of copies, unchanged' });
    plan.removals.push(file);
    const number = /(\d+)\.\w+$/.exec(file)?.[1];
    if (number !== undefined) nextFileId = Math.max(nextFileId, Number(number) + 1);
  }
  plan.state = { ...plan.state, nextFileId };
}

/** Damage that a repair does not touch: cold tables, which other engines may use, and what unfinished moves need. */
async function itemsLeft(
  ports: RepairPorts,
  dataDir: string,
  reading: ManifestReading,
  state: ManifestState,
): Promise<RepairItem[]> {
  const findings: Finding[] = await checkMoves(ports, dataDir, state);
  const check = { ...ports, onFile: () => undefined, onFinding: (finding: Finding) => void findings.push(finding) };
  for (const table of state.tables.values()) if (table.cold !== undefined) await checkColdTable(check, table);
  const items = findings
    .filter(({ severity }) => severity === 'damage')
    .map(({ file, problem }): RepairItem => {
      return { outcome: 'left', file, problem, action: 'left as it is; restore it from a backup' };
    });
  return isCut(reading) ? [...items, ...(await forgottenMoves(ports.storage, state))] : items;
}
