import type { ManifestDamage, ManifestReading } from '../check/manifest-reading.ts';
import { isFresh } from '../check/manifest-reading.ts';
import { stateProblems } from '../check/state-problems.ts';
import { AlopexError, SqlState } from '../errors.ts';
import { FRAME_HEADER_BYTES } from '../log/frame.ts';
import type { CatalogState } from '../lsm/catalog-state.ts';
import type { ManifestState } from '../lsm/state.ts';
import { boundAfterLoss } from '../table/sequence-bounds.ts';
import type { RepairPlan } from './repair-plan.ts';

/** Takes the state of the last intact edit. Throws `XX001` when there is none: then nothing says what the other files are. */
export function planManifest(reading: ManifestReading, dataDir: string): RepairPlan {
  const { name, state, editCount, currentProblem, damage } = reading;
  const plan: RepairPlan = { items: [], state, rewritesManifest: false, logCuts: [], salvages: [], removals: [] };
  const isUnused = isFresh(reading);
  if (name === undefined || (editCount === 0 && !isUnused)) {
    const what = name === undefined ? 'there is no manifest' : `no edit of ${name} is intact`;
    throw new AlopexError(SqlState.dataCorrupted, `${dataDir} cannot be repaired: ${what}`, {
      hint: 'Restore the folder manifest from a backup; nothing was changed.',
    });
  }
  const file = `manifest/${name}`;
  if (currentProblem !== undefined && !isUnused) {
    plan.rewritesManifest = true;
    const action = `a new one was written, with the state of ${name}`;
    plan.items.push({ outcome: 'restored', file: 'manifest/CURRENT', problem: currentProblem, action });
  }
  if (damage !== undefined) {
    plan.rewritesManifest = true;
    const problem = `at byte ${damage.offset}, ${damage.problem}`;
    if (isLossless(damage)) {
      const action = 'the edit is the one that every database begins with';
      plan.items.push({ outcome: 'restored', file, problem, action });
    } else {
      plan.items.push({ outcome: 'lost', file, problem, action: lostEdits(damage, editCount) });
      plan.state = withoutNumbersInDoubt(state, damage.lostBytes);
    }
  }
  for (const problem of stateProblems(state)) {
    plan.items.push({ outcome: 'left', file, problem, action: 'no edit is known that would mend it' });
  }
  return plan;
}

/** Whether edits are lost, and with them the names of files. */
export function isCut({ damage }: ManifestReading): boolean {
  return damage !== undefined && !isLossless(damage);
}

function isLossless({ lostBytes, laterEdits }: ManifestDamage): boolean {
  return lostBytes === 0 && laterEdits === 0;
}

function lostEdits({ lostBytes, laterEdits }: ManifestDamage, editCount: number): string {
  const later = laterEdits === 0 ? '' : `, among them ${laterEdits} intact ones that build on the damaged one`;
  return `the first ${editCount} edits were kept; the last ${lostBytes} bytes of edits are lost${later}: what tables, files and moves they told of is forgotten`;
}

/**
 * A lost edit may have given out the number of a definition, which defaults of columns may bear. It may also have reserved values of a sequence; those cannot be known, so it goes on with a gap for each.
 */
function withoutDoubt(catalog: CatalogState, edits: number): CatalogState {
  const { nextDefinitionId, definitions } = catalog;
  if (nextDefinitionId === 1) return catalog;
  const reserved = new Map(catalog.reserved);
  for (const definition of definitions.values()) {
    if (definition.kind !== 'sequence') continue;
    const bound = reserved.get(definition.definitionId);
    reserved.set(definition.definitionId, boundAfterLoss(definition.body, bound, edits));
  }
  return { ...catalog, nextDefinitionId: nextDefinitionId + edits, reserved };
}

/** The lost edits may have given out numbers, which cold files may bear: they are not given out again. Each took at least a frame's header, and a byte for each file. */
function withoutNumbersInDoubt(state: ManifestState, lostBytes: number): ManifestState {
  const edits = Math.ceil(lostBytes / FRAME_HEADER_BYTES);
  return {
    ...state,
    nextTableId: state.nextTableId + edits,
    nextFileId: state.nextFileId + lostBytes,
    kv: { ...state.kv, nextKeyspaceId: state.kv.nextKeyspaceId + edits },
    catalog: withoutDoubt(state.catalog, edits),
  };
}
