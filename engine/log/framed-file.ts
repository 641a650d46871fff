import { AlopexError, SqlState } from '../errors.ts';
import type { FileSystem } from '../ports/file-system.ts';
import { decodeFrames, type DecodedFrames } from './frame.ts';

/**
 * Reads a file of frames. `isLast`: unused space and a torn tail are cut off (it was never acknowledged) so that appending can go on; in any
 * other file, and for damage anywhere, throws `XX001` naming the file.
 */
export async function readFramedFile(
  fileSystem: FileSystem,
  path: string,
  isLast: boolean,
): Promise<{ readonly payloads: readonly Uint8Array[]; readonly validBytes: number }> {
  const bytes = await fileSystem.readFile(path);
  const { payloads, validBytes, tail } = decodeFrames(bytes);
  const problem = isLast && tail.kind !== 'damaged' ? undefined : problemOf(tail);
  if (problem !== undefined) {
    throw new AlopexError(SqlState.dataCorrupted, `${path} is damaged at byte ${validBytes}: ${problem}`, {
      hint: 'Restore the file from a backup; nothing was changed.',
    });
  }
  // Also what is whole is written again: a process that was killed may have left it in the cache alone, and after a failed fsync it never leaves there.
  if (isLast && bytes.length > 0) await fileSystem.truncate(path, validBytes);
  return { payloads, validBytes };
}

/** What is wrong with the end of a file that is not the newest. */
function problemOf(tail: DecodedFrames['tail']): string | undefined {
  switch (tail.kind) {
    case 'clean':
      return undefined;
    case 'unused':
      return 'it ends in zeros';
    case 'torn':
      return 'it ends in the middle of a frame';
    case 'damaged':
      return `the checksum of ${tail.reason} is wrong`;
  }
}
