import { crc32 } from 'node:zlib';
import type { RangeDelete } from '../kv/entry.ts';
import { SequentialBlocks } from '../kv/segment/block-source.ts';
import { FOOTER_BYTES, parseFooter, type SegmentFooter } from '../kv/segment/footer.ts';
import { decodeRangeDeletes } from '../kv/segment/range-deletes.ts';
import { SegmentIndex } from '../kv/segment/segment-index.ts';
import type { KvSegmentState } from '../kv/segment-state.ts';
import type { ReadFile } from '../ports/file-system.ts';

/** What is left of a damaged segment. */
export interface KeySegmentParts {
  readonly index: SegmentIndex;
  /** Numbers of the blocks whose checksum is wrong, ascending. */
  readonly damagedBlocks: readonly number[];
  /** `undefined` when they are damaged. */
  readonly rangeDeletes: readonly RangeDelete[] | undefined;
}

/** Bytes of the footer that its checksum covers. */
const COVERED_BYTES = 68;

/** Finds what is intact of a segment; `undefined` when footer or index are not, for nothing else says where a block begins and what its checksum is. */
export function readParts(file: ReadFile, path: string, state: KvSegmentState): KeySegmentParts | undefined {
  const footer = findFooter(file, state);
  if (footer === undefined) return undefined;
  const indexAt = footer.blocksBytes + footer.filterBytes;
  const indexBytes = file.read(indexAt, footer.indexBytes);
  if (crc32(indexBytes) !== footer.indexCrc32) return undefined;
  const index = SegmentIndex.decode(indexBytes, footer.blocksBytes);
  if (index === undefined) return undefined;
  const ranges = file.read(indexAt + footer.indexBytes, footer.rangeDeletesBytes);
  const blocks = new SequentialBlocks(path, file, index);
  return {
    index,
    damagedBlocks: Array.from({ length: index.blockCount }, (_, block) => block).filter(
      (block) => !isIntact(blocks, block),
    ),
    rangeDeletes:
      crc32(ranges) === footer.rangeDeletesCrc32 ? decodeRangeDeletes(ranges, footer.rangeDeleteCount) : undefined,
  };
}

/**
 * The footer, if its bytes have the checksum that the manifest knows. Where one byte is damaged, the value that makes the checksum right is found: it is proven by the checksums of the
 * index and the blocks, which follow from it.
 */
function findFooter(file: ReadFile, { sizeBytes, footerCrc32 }: KvSegmentState): SegmentFooter | undefined {
  const bytes = new Uint8Array(file.read(sizeBytes - FOOTER_BYTES, FOOTER_BYTES));
  if (bytes.length !== FOOTER_BYTES) return undefined;
  const covered = bytes.subarray(0, COVERED_BYTES);
  if (crc32(covered) === footerCrc32) return parseFooter(bytes, sizeBytes);
  for (let at = 0; at < COVERED_BYTES; at++) {
    const found = covered[at] as number;
    for (let value = 0; value < 256; value++) {
      covered[at] = value;
      if (crc32(covered) === footerCrc32) return parseFooter(bytes, sizeBytes);
    }
    covered[at] = found;
  }
  return undefined;
}

function isIntact(blocks: SequentialBlocks, block: number): boolean {
  try {
    blocks.block(block);
    return true;
  } catch {
    return false;
  }
}
