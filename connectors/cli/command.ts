import type { Readable, Writable } from 'node:stream';
import type { OpenDatabase } from './database.ts';

/** All that a command sees of the world, so that tests can hand it another. */
export interface CliContext {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly openDatabase: OpenDatabase;
  /** Aborted when the process is asked to end: commands then cancel what they do, close and return. */
  readonly signal: AbortSignal;
}

/** One of the words after `alopex`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `alopex help <name>` prints. */
  readonly help: string;
  /**
   * Returns the exit status: 0 ok, 1 failed, with the reason on standard error.
   *
   * @throws UsageError for bad arguments
   */
  run(args: readonly string[], context: CliContext): Promise<number>;
}
