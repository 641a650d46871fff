import { AlopexError, SqlState } from '../errors.ts';
import type { FileSystem } from '../ports/file-system.ts';
import { decodeFrames } from './frame.ts';

/**
 * Reads a file of frames. `isLast`: a torn tail is cut off (it was never acknowledged) so that appending can go on; in any other
 * file, and for damage anywhere, throws `XX001` naming the file.
 */
export async function readFramedFile(
  fileSystem: FileSystem,
  path: string,
  isLast: boolean,
): Promise<{ readonly payloads: readonly Uint8Array[]; readonly validBytes: number }> {
  const bytes = await fileSystem.readFile(path);
  const { payloads, validBytes, tail } = decodeFrames(bytes);
  if (tail.kind === 'damaged' || (tail.kind === 'torn' && !isLast)) {
    const reason =
      tail.kind === 'damaged' ? `the checksum of ${tail.reason} is wrong` : 'it ends in the middle of a frame';
    throw new AlopexError(SqlState.dataCorrupted, `${path} is damaged at byte ${validBytes}: ${reason}`, {
      hint: 'Restore the file from a backup; nothing was changed.',
    });
  }
  // Also what is whole is written again: a process that was killed may have left it in the cache alone, and after a failed fsync it never leaves there.
  if (isLast && bytes.length > 0) await fileSystem.truncate(path, validBytes);
  return { payloads, validBytes };
}
