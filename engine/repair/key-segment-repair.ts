import { keySegmentProblem } from '../check/key-segments.ts';
import { compareKeys } from '../kv/bytes.ts';
import { kvSegmentName, type KvSegmentState } from '../kv/segment-state.ts';
import type { KvState } from '../lsm/kv-state.ts';
import { applyEdit } from '../lsm/state.ts';
import type { FileSystem } from '../ports/file-system.ts';
import { readParts, type KeySegmentParts } from './key-segment-parts.ts';
import { intactRuns, writeSalvaged } from './key-segment-salvage.ts';
import { keyText } from './key-text.ts';
import type { RepairPlan } from './repair-plan.ts';

/** Keys from `first` to `last`, both included. */
interface LostKeys {
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/** Plans to replace each damaged segment by one of what is intact of it, or to drop it. */
export async function planKeySegments(fileSystem: FileSystem, dataDir: string, plan: RepairPlan): Promise<void> {
  for (const segment of plan.state.kv.segments) {
    const problem = await keySegmentProblem(fileSystem, dataDir, segment);
    if (problem === undefined) continue;
    const name = kvSegmentName(segment.fileId);
    const isThere = (await fileSystem.size(`${dataDir}/${name}`)) !== undefined;
    const parts = isThere ? partsOf(fileSystem, `${dataDir}/${name}`, segment) : undefined;
    const hasLoss = parts === undefined || parts.damagedBlocks.length > 0 || parts.rangeDeletes === undefined;
    plan.items.push({
      outcome: hasLoss ? 'lost' : 'restored',
      file: name,
      problem,
      action: parts === undefined ? droppedText(plan.state.kv, segment) : salvagedText(plan.state.kv, segment, parts),
    });
    if (isThere) plan.removals.push(name);
    if (parts !== undefined) plan.salvages.push({ segment, parts });
    plan.state = applyEdit(plan.state, { kind: 'change-kv-segments', add: [], remove: [segment.fileId] });
  }
}

/** Writes the new segments, and names them in the plan's state. */
export async function writeSalvages(fileSystem: FileSystem, dataDir: string, plan: RepairPlan): Promise<void> {
  for (const { segment, parts } of plan.salvages) {
    const { nextFileId } = plan.state;
    const written = await writeSalvaged(fileSystem, dataDir, segment, parts, nextFileId);
    if (written === undefined) continue;
    plan.state = applyEdit(plan.state, { kind: 'change-kv-segments', add: [written], remove: [] });
  }
}

function partsOf(fileSystem: FileSystem, path: string, segment: KvSegmentState): KeySegmentParts | undefined {
  const file = fileSystem.openRead(path);
  try {
    return readParts(file, path, segment);
  } finally {
    file.close();
  }
}

function salvagedText(state: KvState, segment: KvSegmentState, parts: KeySegmentParts): string {
  const { index, damagedBlocks, rangeDeletes } = parts;
  if (damagedBlocks.length === 0 && rangeDeletes !== undefined) return 'all entries are intact, and were written again';
  const texts: string[] = [];
  if (damagedBlocks.length > 0) {
    const lost = lostRanges(parts);
    const kept = `${index.blockCount - damagedBlocks.length} of ${index.blockCount} blocks were written again`;
    texts.push(`${kept}; entries are lost of keys within ${lost.map((range) => rangeText(state, range)).join(', ')}`);
    if (lost.some((range) => hasOlder(state, segment, range))) texts.push(OLDER_VALUES);
  }
  if (rangeDeletes === undefined) {
    texts.push(`${segment.rangeDeleteCount} deletions of ranges of keys are lost: such keys may be there again`);
  }
  return texts.join('; ');
}

function droppedText(state: KvState, segment: KvSegmentState): string {
  const range = { first: segment.smallest, last: segment.largest };
  const lost = `dropped; its ${segment.entryCount} entries of keys within ${rangeText(state, range)} are lost`;
  return hasOlder(state, segment, range) ? `${lost}; ${OLDER_VALUES}` : lost;
}

const OLDER_VALUES = 'values from before, and keys that were deleted, may be there again in their place';

/** For each run of damaged blocks: from the separator before it, or the first key, to its own last one. */
function lostRanges({ index, damagedBlocks }: KeySegmentParts): LostKeys[] {
  const runs = intactRuns({ index, damagedBlocks, rangeDeletes: undefined });
  const starts = [0, ...runs.map(({ last }) => last + 1)];
  const ends = [...runs.map(({ first }) => first - 1), index.blockCount - 1];
  return starts.flatMap((start, at) => {
    const end = ends[at] ?? -1;
    if (end < start) return [];
    return [{ first: start === 0 ? index.firstKey : index.separator(start - 1), last: index.separator(end) }];
  });
}

/** Whether a segment with older entries may have some of the range. */
function hasOlder(state: KvState, segment: KvSegmentState, { first, last }: LostKeys): boolean {
  return state.segments.some(
    (other) =>
      (other.level > segment.level || (other.level === 0 && other.maxSeq < segment.minSeq)) &&
      compareKeys(other.smallest, last) <= 0 &&
      compareKeys(first, other.largest) <= 0,
  );
}

function rangeText(state: KvState, { first, last }: LostKeys): string {
  return `${keyText(state, first)} … ${keyText(state, last)}`;
}
