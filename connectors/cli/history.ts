import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const MAX_LINES = 1000;

/**
 * The lines typed before, in a file of one line each, oldest first. Each line is added at once, so that sessions side by
 * side, and a crash, lose none. Trouble with the file is told once, and then the history is only kept in memory.
 */
export class History {
  readonly #warn: (message: string) => void;
  #path: string | undefined;
  #lines: string[] = [];

  private constructor(path: string | undefined, warn: (message: string) => void) {
    this.#path = path;
    this.#warn = warn;
  }

  /** Opens the file that ALOPEX_HISTORY names, or `~/.alopex_history`; an empty ALOPEX_HISTORY turns the file off. */
  static open(env: Readonly<Record<string, string | undefined>>, warn: (message: string) => void): History {
    const path = env['ALOPEX_HISTORY'] ?? join(homedir(), '.alopex_history');
    const history = new History(path === '' ? undefined : path, warn);
    history.#load();
    return history;
  }

  /** Newest first, as readline wants them. */
  get newestFirst(): string[] {
    return this.#lines.toReversed();
  }

  get maxLines(): number {
    return MAX_LINES;
  }

  add(line: string): void {
    if (line.trim() === '' || line === this.#lines.at(-1)) return;
    this.#lines.push(line);
    this.#try((path) => appendFileSync(path, `${line}\n`, { mode: 0o600 }));
  }

  #load(): void {
    this.#try((path) => {
      const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
      this.#lines = lines.slice(-MAX_LINES);
      if (lines.length > 2 * MAX_LINES) writeFileSync(path, `${this.#lines.join('\n')}\n`, { mode: 0o600 });
    });
  }

  #try(action: (path: string) => void): void {
    if (this.#path === undefined) return;
    try {
      action(this.#path);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && this.#lines.length === 0) return; // The first line makes the file.
      this.#path = undefined;
      this.#warn(`The history is not kept: ${message}`);
    }
  }
}
