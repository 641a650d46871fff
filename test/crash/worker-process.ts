import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { readEntry, type JournalEntry, type WorkOrder } from './journal.ts';

/** The worker as the test sees it: it is started ahead, told to begin, and killed. */
export class WorkerProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #closed: Promise<unknown>;
  #stderr = '';

  constructor() {
    this.#child = spawn(process.execPath, [fileURLToPath(new URL('worker.ts', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#closed = once(this.#child, 'close');
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
  }

  /** Lets it open the database and work; `onEntry` hears of each line of the journal. Returns when the process is gone. */
  async work(order: WorkOrder, onEntry: (entry: JournalEntry) => void): Promise<void> {
    const lines = createInterface(this.#child.stdout);
    lines.on('line', (line) => onEntry(readEntry(line)));
    const read = once(lines, 'close');
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
    await Promise.all([this.#closed, read]);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Waits for the end of a worker that was never told to work. */
  async discard(): Promise<void> {
    this.kill();
    await this.#closed;
  }

  /** What it wrote to standard error. */
  get stderr(): string {
    return this.#stderr;
  }

  get wasKilled(): boolean {
    return this.#child.signalCode === 'SIGKILL';
  }
}
