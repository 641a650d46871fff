import { Readable, Writable } from 'node:stream';
import { TextSink } from '../../text/test-support/text-sink.ts';
import { runCli } from '../cli.ts';
import { openDatabase } from '../database.ts';

export interface RealRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What came to standard output. */
  readonly bytes: Buffer;
}

/** Runs the command line in this process, with real databases. */
export async function runReal(
  args: readonly string[],
  given: { readonly stdin?: Uint8Array | string; readonly stdout?: TextSink } = {},
): Promise<RealRun> {
  const bytes: Buffer[] = [];
  const collected = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      bytes.push(Buffer.from(chunk));
      done();
    },
  });
  const stderr = new TextSink();
  const status = await runCli(args, {
    stdin: Readable.from([Buffer.from(given.stdin ?? '')]),
    stdout: given.stdout ?? collected,
    stderr,
    env: {},
    version: '1.2.3',
    signal: new AbortController().signal,
    openDatabase,
  });
  const all = Buffer.concat(bytes);
  return { status, stdout: given.stdout?.text ?? all.toString(), stderr: stderr.text, bytes: all };
}
