import type { ArenaView } from './arena.ts';
import { KEY_LENGTH, NODE_HEADER_BYTES, chunkOf, compareNodes, unitOf } from './layout.ts';

/** Up to here, comparing is cheaper than setting up a pass. */
const FEW = 32;
/** Bytes of the key that one pass orders by. */
const PREFIX_BYTES = 4;

/**
 * Sorts nodes by key, in place. Every pass leaves out the bytes that all keys share, packs the next four of each with its node into one 64-bit integer and
 * lets the native integer sort order those; what is still equal goes through another pass. So almost no keys are compared byte by byte.
 */
export function sortNodes(arena: ArenaView, nodes: Int32Array): void {
  if (nodes.length <= FEW) insertionSort(arena, nodes, 0, nodes.length, 0);
  else sortByPrefix(arena, nodes, 0, nodes.length, 0, new BigUint64Array(nodes.length));
}

/** Merges two sorted runs of distinct keys. */
export function mergeRuns(arena: ArenaView, left: Int32Array, right: Int32Array, merged: Int32Array): void {
  let l = 0;
  let r = 0;
  let at = 0;
  while (l < left.length && r < right.length) {
    const a = left[l] as number;
    const b = right[r] as number;
    if (compareNodes(arena, a, b, 0) < 0) {
      merged[at++] = a;
      l++;
    } else {
      merged[at++] = b;
      r++;
    }
  }
  merged.set(left.subarray(l), at);
  merged.set(right.subarray(r), at + left.length - l);
}

/** Keys within `[start, end)` are known to be equal in their first `equalBytes` (a multiple of 4). */
function sortByPrefix(
  arena: ArenaView,
  nodes: Int32Array,
  start: number,
  end: number,
  equalBytes: number,
  scratch: BigUint64Array<ArrayBuffer>,
): void {
  const from = equalBytes + (sharedLength(arena, nodes, start, end, equalBytes) & ~3);
  const packed = scratch.subarray(start, end);
  const halves = new Uint32Array(packed.buffer, packed.byteOffset, 2 * packed.length);
  for (let at = start; at < end; at++) {
    const node = nodes[at] as number;
    halves[2 * (at - start)] = node;
    halves[2 * (at - start) + 1] = prefixAt(arena, node, from);
  }
  packed.sort();
  for (let at = start; at < end; at++) nodes[at] = halves[2 * (at - start)] as number;
  for (let group = start; group < end;) {
    const prefix = halves[2 * (group - start) + 1];
    let next = group + 1;
    while (next < end && halves[2 * (next - start) + 1] === prefix) next++;
    if (next - group > 1) sortGroup(arena, nodes, group, next, from, scratch);
    group = next;
  }
}

/** Sorts keys that have the same prefix at `from`, where a key that ended counts as going on with zeros. */
function sortGroup(
  arena: ArenaView,
  nodes: Int32Array,
  start: number,
  end: number,
  from: number,
  scratch: BigUint64Array<ArrayBuffer>,
): void {
  if (end - start <= FEW) insertionSort(arena, nodes, start, end, from);
  // A key that ended has no further prefix: such a group is compared, so that every pass gets ahead.
  else if (sharedLength(arena, nodes, start, end, from) < PREFIX_BYTES) {
    nodes.subarray(start, end).sort((left, right) => compareNodes(arena, left, right, from));
  } else sortByPrefix(arena, nodes, start, end, from + PREFIX_BYTES, scratch);
}

/** How many bytes from `from` on all keys share. */
function sharedLength(arena: ArenaView, nodes: Int32Array, start: number, end: number, from: number): number {
  const first = nodes[start] as number;
  const firstChunk = chunkOf(arena, first);
  const firstUnit = unitOf(arena, first);
  const firstByte = (firstUnit << 3) + NODE_HEADER_BYTES;
  let sharedEnd = firstChunk.words[(firstUnit << 1) + KEY_LENGTH] as number;
  for (let at = start + 1; at < end && sharedEnd > from; at++) {
    const node = nodes[at] as number;
    const chunk = chunkOf(arena, node);
    const unit = unitOf(arena, node);
    const byte = (unit << 3) + NODE_HEADER_BYTES;
    sharedEnd = Math.min(sharedEnd, chunk.words[(unit << 1) + KEY_LENGTH] as number);
    let equal = from;
    while (equal < sharedEnd && chunk.bytes[byte + equal] === firstChunk.bytes[firstByte + equal]) equal++;
    sharedEnd = equal;
  }
  return sharedEnd - from;
}

/** Four bytes of a key as one big-endian number; what is beyond its end is zero. */
function prefixAt(arena: ArenaView, node: number, from: number): number {
  const chunk = chunkOf(arena, node);
  const unit = unitOf(arena, node);
  if (from >= (chunk.words[(unit << 1) + KEY_LENGTH] as number)) return 0;
  const at = (unit << 3) + NODE_HEADER_BYTES + from;
  const bytes = chunk.bytes;
  // Keys are padded with zeros to 8 bytes and `from` is a multiple of 4, so this stays within the padding.
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

function insertionSort(arena: ArenaView, nodes: Int32Array, start: number, end: number, from: number): void {
  for (let at = start + 1; at < end; at++) {
    const node = nodes[at] as number;
    let to = at;
    while (to > start && compareNodes(arena, nodes[to - 1] as number, node, from) > 0) {
      nodes[to] = nodes[to - 1] as number;
      to--;
    }
    nodes[to] = node;
  }
}
