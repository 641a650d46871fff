import type { FaultPolicy } from '../../engine/sim/fault.ts';
import type { SeededRandom } from '../../engine/sim/random.ts';
import type { AlopexDB } from '../../index.ts';
import { Violation } from './model.ts';
import type { World } from './world.ts';

/**
 * Flips one bit of a file at rest, opens the database and reads everything: it must say that the file is damaged, or be as if nothing had happened. Then the bit
 * is flipped back.
 */
export async function checkFlippedBit(
  world: World,
  policy: FaultPolicy,
  random: SeededRandom,
  check: (db: AlopexDB) => Promise<void>,
): Promise<void> {
  const files = world.disk.syncedFiles().filter((path) => !path.includes('/tmp/'));
  if (files.length === 0) return;
  const path = random.pick(files);
  const bit = random.below((world.disk.size(path) ?? 1) * 8);
  world.disk.flipBit(path, bit);
  const flipped = world.disk.bytes(path)?.slice();
  world.counters.count('bit flipped');
  world.trace.add(`bit ${bit} flipped of ${path.slice(world.dataDir.length)}`);
  const open = await world.startProcess(policy);
  const outcome = await world.drive(async () => {
    const db = await open();
    await check(db);
    await db.close();
  });
  if (outcome.kind === 'failed') {
    if (!isDamageReport(outcome.error, path)) {
      const file = path.slice(world.dataDir.length);
      throw new Violation(`with bit ${bit} of ${file} flipped: ${String(outcome.error)}`, { cause: outcome.error });
    }
    world.counters.count('flipped bit reported');
  }
  // A file that nothing named may have been removed, and another one written under its name.
  const now = world.disk.bytes(path);
  if (flipped !== undefined && now !== undefined && Buffer.compare(flipped, now) === 0) world.disk.flipBit(path, bit);
}

function isDamageReport(error: unknown, path: string): boolean {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'XX001') return false;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause.message.includes(path.slice(path.lastIndexOf('/') + 1))) return true;
  }
  return false;
}
