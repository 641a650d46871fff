import { readFile } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { AlopexError, SqlState } from '../../engine/errors.ts';

/** All of a stream, until its end or the signal. */
export async function readStream(stream: Readable, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of addAbortSignal(signal, stream) as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A file that the command line names. Throws `58P01` when it is missing, `58030` when it cannot be read. */
export async function readInputFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new AlopexError(SqlState.undefinedFile, `there is no file ${path}`, { cause });
    throw new AlopexError(SqlState.ioError, `cannot read ${path}: ${message}`, { cause });
  }
}
