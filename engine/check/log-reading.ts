import { decodeFrames, FRAME_HEADER_BYTES } from '../log/frame.ts';
import type { FileSystem } from '../ports/file-system.ts';
import { problemOf } from './finding.ts';
import { framesAfter, withoutTrailingZeros } from './frames-after.ts';
import type { CommitRange, LogAudit } from './log-audit.ts';

export const LOG_NAME = /^\d{10}\.log$/;

/** One file of the log. */
export interface LogFileReading {
  readonly name: string;
  readonly sizeBytes: number;
  /** Intact commits before the first problem. */
  readonly commitCount: number;
  readonly lastSeq: number | undefined;
  readonly problem: LogProblem | undefined;
  /** Bytes of an unfinished write at the end of the last file: never acknowledged, cut off by the next open. Space behind it that was never used does not count. */
  readonly tornBytes: number;
}

export interface LogProblem {
  readonly offset: number;
  readonly text: string;
  /** Commits that are nowhere, as far as that is known. */
  readonly missing: CommitRange | undefined;
  /** Intact commits from there on; they build on what is missing. */
  readonly later: { readonly count: number; readonly range: CommitRange } | undefined;
}

export function logFileNames(fileSystem: FileSystem, folder: string): Promise<string[]> {
  return fileSystem.list(folder).then((names) => names.filter((name) => LOG_NAME.test(name)));
}

/**
 * Reads a file of the log up to its first problem, and looks what is left behind it. The whole file is in memory meanwhile, as when a database is opened. Files come in their order:
 * `audit` knows the commits before.
 */
export async function readLogFile(
  fileSystem: FileSystem,
  folder: string,
  name: string,
  isLast: boolean,
  audit: LogAudit,
): Promise<LogFileReading> {
  const path = `${folder}/${name}`;
  let bytes: Uint8Array;
  try {
    bytes = await fileSystem.readFile(path);
  } catch (error) {
    const problem = { offset: 0, text: `it cannot be read: ${problemOf(error, path)}`, missing: undefined };
    const sizeBytes = (await fileSystem.size(path)) ?? 0;
    return {
      name,
      sizeBytes,
      commitCount: 0,
      lastSeq: undefined,
      tornBytes: 0,
      problem: { ...problem, later: undefined },
    };
  }
  const { payloads, validBytes, tail } = decodeFrames(bytes);
  let offset = 0;
  let lastSeq: number | undefined;
  let commitCount = 0;
  const stop = (text: string | undefined, later: Iterable<Uint8Array>, missing?: CommitRange): LogFileReading => ({
    name,
    sizeBytes: bytes.length,
    commitCount,
    lastSeq,
    problem: text === undefined ? undefined : { offset, text, missing, later: summarize(later, audit) },
    tornBytes: text === undefined ? withoutTrailingZeros(bytes.subarray(validBytes)).length : 0,
  });
  for (const payload of payloads) {
    const { seq, problem, missing } = audit.add(payload);
    if (problem !== undefined || missing !== undefined) {
      const text = missing === undefined ? problem : `${commits(missing)} missing before commit ${seq}`;
      return stop(text, framesFrom(bytes, offset), missing);
    }
    lastSeq = seq;
    commitCount++;
    offset += FRAME_HEADER_BYTES + payload.length + 1;
  }
  if (tail.kind === 'damaged') return stop(`the checksum of ${tail.reason} is wrong`, framesAfter(bytes, offset));
  if (tail.kind === 'torn' && !isLast) return stop('it ends in the middle of a commit', []);
  if (tail.kind === 'unused' && !isLast) return stop('it ends in zeros, as only the newest file may', []);
  return stop(undefined, []);
}

export function commits({ from, to }: CommitRange): string {
  return from === to ? `commit ${from} is` : `commits ${from} to ${to} are`;
}

function* framesFrom(bytes: Uint8Array, offset: number): Generator<Uint8Array> {
  yield* decodeFrames(bytes.subarray(offset)).payloads;
}

/** Numbers of commits behind a problem. Those that are no commits do not count. */
function summarize(payloads: Iterable<Uint8Array>, audit: LogAudit): LogProblem['later'] {
  let count = 0;
  let from = 0;
  let to = 0;
  for (const payload of payloads) {
    const { seq } = audit.add(payload);
    if (seq === undefined) continue;
    if (count === 0) from = seq;
    to = Math.max(to, seq);
    count++;
  }
  return count === 0 ? undefined : { count, range: { from, to } };
}
