import { MANIFEST_NAME } from '../check/manifest-reading.ts';
import { manifestNumber, writeManifest } from '../lsm/manifest.ts';
import type { ManifestState } from '../lsm/state.ts';
import type { FileSystem } from '../ports/file-system.ts';
import { writeSalvages } from './key-segment-repair.ts';
import { LostFolder } from './lost-folder.ts';
import type { RepairPlan } from './repair-plan.ts';

/**
 * Carries a plan out; returns the name of the folder of copies. In this order, so that a repair that is broken off can be made again: copies; the log, for a new manifest would no longer say that edits
 * are lost, and what follows from that for the log; new files; the manifest, which is the commit point; then what nothing names any more is removed.
 */
export async function applyPlan(
  fileSystem: FileSystem,
  dataDir: string,
  plan: RepairPlan,
  before: ManifestState,
  timestamp: string,
): Promise<string> {
  const manifests = (await fileSystem.list(`${dataDir}/manifest`)).filter((name) => MANIFEST_NAME.test(name));
  const rewrites = plan.rewritesManifest || plan.state !== before;
  const lost = await LostFolder.create(fileSystem, dataDir, timestamp);
  const changed = [...plan.logCuts.map(({ file }) => file), ...plan.removals];
  if (rewrites) changed.push('manifest/CURRENT', ...manifests.map((name) => `manifest/${name}`));
  for (const file of changed) if ((await fileSystem.size(`${dataDir}/${file}`)) !== undefined) await lost.keep(file);
  await fileSystem.syncFolder(dataDir);
  for (const { file, keepBytes } of plan.logCuts.toReversed()) {
    if (keepBytes > 0) await fileSystem.truncate(`${dataDir}/${file}`, keepBytes);
    else await fileSystem.remove(`${dataDir}/${file}`);
  }
  if (plan.logCuts.length > 0) await fileSystem.syncFolder(`${dataDir}/log`);
  await writeSalvages(fileSystem, dataDir, plan);
  if (rewrites) {
    const number = Math.max(0, ...manifests.map(manifestNumber)) + 1;
    const file = await writeManifest(fileSystem, `${dataDir}/manifest`, number, plan.state);
    await file.close();
    for (const name of manifests) await fileSystem.remove(`${dataDir}/manifest/${name}`);
  }
  for (const file of plan.removals) await fileSystem.remove(`${dataDir}/${file}`);
  return lost.name;
}
