import { AlopexError, SqlState } from '../errors.ts';
import { compareBytes } from '../kv/bytes.ts';
import { keyAfter } from '../kv/compaction/range-parts.ts';
import { SequentialBlocks } from '../kv/segment/block-source.ts';
import { SegmentCursor } from '../kv/segment/segment-cursor.ts';
import { SegmentWriter } from '../kv/segment/segment-writer.ts';
import { kvSegmentName, type KvSegmentState } from '../kv/segment-state.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { KeySegmentParts } from './key-segment-parts.ts';

/** Writes what is intact of a segment to a new one, durably; `undefined` when that is nothing. */
export async function writeSalvaged(
  fileSystem: FileSystem,
  dataDir: string,
  damaged: KvSegmentState,
  parts: KeySegmentParts,
  fileId: number,
): Promise<KvSegmentState | undefined> {
  const from = `${dataDir}/${kvSegmentName(damaged.fileId)}`;
  const file = fileSystem.openRead(from);
  const writer = await SegmentWriter.create(fileSystem, `${dataDir}/${kvSegmentName(fileId)}`);
  try {
    const cursor = new SegmentCursor(new SequentialBlocks(from, file, parts.index));
    for (const run of intactRuns(parts)) {
      const next = (): boolean => moves(() => cursor.next(), cursor, parts, run.last);
      for (let found = enter(cursor, parts, run); found; found = next()) {
        writer.add(cursor);
        await writer.drain();
      }
    }
    for (const range of parts.rangeDeletes ?? []) writer.addRangeDelete(range);
    if (writer.entryCount === 0 && (parts.rangeDeletes ?? []).length === 0) {
      await writer.abort();
      return undefined;
    }
    return { fileId, level: damaged.level, ...(await writer.finish()) };
  } catch (error) {
    await writer.abort();
    throw error;
  } finally {
    file.close();
  }
}

interface Run {
  readonly first: number;
  readonly last: number;
}

/** Blocks between damaged ones. */
export function intactRuns({ index, damagedBlocks }: KeySegmentParts): Run[] {
  const runs: Run[] = [];
  let first = 0;
  for (const damaged of [...damagedBlocks, index.blockCount]) {
    if (damaged > first) runs.push({ first, last: damaged - 1 });
    first = damaged + 1;
  }
  return runs;
}

/**
 * To the first entry of a run of intact blocks. When the newest entries of its first key are in a damaged block before it, older ones are passed over: they must not become the newest, and
 * there may be nothing left of the run then.
 */
function enter(cursor: SegmentCursor, parts: KeySegmentParts, { first, last }: Run): boolean {
  if (first === 0) return cursor.seekFirst();
  const from = keyAfter(parts.index.separator(first - 1));
  return moves(() => cursor.seek(from), cursor, parts, last);
}

/** Moves, unless that leads into the damaged block behind `last`. */
function moves(move: () => boolean, cursor: SegmentCursor, { index }: KeySegmentParts, last: number): boolean {
  try {
    if (!move()) return false;
  } catch (error) {
    const isDamage = error instanceof AlopexError && error.code === SqlState.dataCorrupted;
    if (isDamage && last + 1 < index.blockCount) return false;
    throw error;
  }
  const separator = index.separator(last);
  return compareBytes(cursor.key, cursor.keyStart, cursor.keyEnd, separator, 0, separator.length) <= 0;
}
