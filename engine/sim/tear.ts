import type { SeededRandom } from './random.ts';

const SECTOR_BYTES = 512;

/** What a power cut may leave of bytes that were written and not synced. */
export type Tear = 'lost' | 'kept' | 'prefix' | 'zeros' | 'holes';

const TEARS: readonly (readonly [Tear, number])[] = [
  ['lost', 4],
  ['kept', 3],
  ['prefix', 3],
  ['zeros', 2],
  ['holes', 2],
];

export interface Torn {
  readonly tear: Tear;
  readonly bytes: Uint8Array;
}

/**
 * The bytes of a file after a power cut; those before `syncedBytes` are safe. A file system may have made the file longer and not have written the new sectors:
 * they are zeros then, at the end or, as sectors are written in any order, in between.
 */
export function tearBytes(bytes: Uint8Array, syncedBytes: number, random: SeededRandom): Torn {
  const tear = random.weighted(TEARS);
  const unsynced = bytes.length - syncedBytes;
  switch (tear) {
    case 'lost':
      return { tear, bytes: bytes.slice(0, syncedBytes) };
    case 'kept':
      return { tear, bytes: bytes.slice() };
    case 'prefix':
      return { tear, bytes: bytes.slice(0, syncedBytes + random.below(unsynced + 1)) };
    case 'zeros':
      return { tear, bytes: bytes.slice().fill(0, syncedBytes + random.below(unsynced + 1)) };
    case 'holes':
      return { tear, bytes: withHoles(bytes, syncedBytes, random) };
  }
}

function withHoles(bytes: Uint8Array, syncedBytes: number, random: SeededRandom): Uint8Array {
  const torn = bytes.slice();
  for (let sector = Math.floor(syncedBytes / SECTOR_BYTES); sector * SECTOR_BYTES < bytes.length; sector++) {
    if (random.chance(0.5)) continue;
    torn.fill(0, Math.max(syncedBytes, sector * SECTOR_BYTES), (sector + 1) * SECTOR_BYTES);
  }
  return torn;
}
