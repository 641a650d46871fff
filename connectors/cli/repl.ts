import { on } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { isComplete } from '../../engine/sql/split.ts';
import { BACKSLASH_HELP, parseBackslash } from './backslash.ts';
import type { CliContext } from './command.ts';
import type { StatementRunner } from './database.ts';
import { errorText } from './error-text.ts';
import { type Format, printerOf } from '../text/formats/format.ts';
import { printRecords } from '../text/formats/record.ts';
import type { History } from './history.ts';
import { Output, terminalWidth } from '../text/output.ts';
import { type RunOptions, runStatements } from './run-statements.ts';

const PROMPT = 'alopex> ';
const CONTINUED_PROMPT = '   ...> ';
const MAX_ROWS = 40;

export interface ReplOptions extends Pick<CliContext, 'stdin' | 'stdout' | 'stderr' | 'signal'> {
  readonly db: StatementRunner;
  readonly history: History;
  readonly format: Format;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Reads statements line by line, runs each when its semicolon is there, and goes on after errors until told to quit. */
export class Repl {
  readonly #options: ReplOptions;
  readonly #output: Output;
  /** Where prompts and messages go: the terminal, also when results go to a file. */
  readonly #screen: CliContext['stdout'];
  #format: Format;
  #maxRows: number | undefined = MAX_ROWS;
  #timing = true;
  /** Lines of a statement that is not complete yet. */
  #pending = '';
  #running: AbortController | undefined;
  #readline: Interface | undefined;

  constructor(options: ReplOptions) {
    this.#options = options;
    this.#output = new Output(options.stdout);
    this.#screen = options.stdout.isTTY === true ? options.stdout : options.stderr;
    this.#format = options.format;
  }

  /** Runs until the input ends, `\q`, or the signal; what is typed ahead still runs when the input ends. */
  async run(banner: string): Promise<void> {
    const { stdin, history, signal } = this.#options;
    this.#screen.write(banner);
    const readline = createInterface({
      input: stdin,
      output: this.#screen,
      terminal: stdin.isTTY === true && this.#screen.isTTY === true,
      history: history.newestFirst,
      historySize: history.maxLines,
      prompt: PROMPT,
    });
    this.#readline = readline;
    readline.on('SIGINT', () => this.interrupt());
    let ended = false;
    readline.on('close', () => (ended = true));
    const stop = (): void => {
      this.#running?.abort();
      readline.close();
    };
    signal.addEventListener('abort', stop);
    try {
      const lines = on(readline, 'line', { close: ['close'] }) as AsyncIterable<[string]>;
      readline.prompt();
      for await (const [line] of lines) {
        history.add(line);
        if (signal.aborted || !(await this.#take(line)) || this.#output.closed) break;
        if (ended) continue; // Lines that were typed before the input ended still come.
        readline.setPrompt(this.#pending === '' ? PROMPT : CONTINUED_PROMPT);
        readline.prompt();
      }
      if (ended && readline.terminal) this.#say(''); // Ctrl-D leaves the cursor behind the prompt.
    } finally {
      signal.removeEventListener('abort', stop);
      readline.close();
    }
  }

  /** Ctrl-C: cancels what runs, or else clears what was typed. */
  interrupt(): void {
    if (this.#running !== undefined) {
      this.#running.abort();
      return;
    }
    const readline = this.#readline;
    if (readline === undefined) return;
    const typed = this.#pending !== '' || readline.line !== '';
    this.#pending = '';
    this.#say(typed ? '^C' : '^C (\\q or Ctrl-D quits)');
    readline.setPrompt(PROMPT);
    if (readline.terminal) {
      // What stands in the line is dropped: to its end, then back to its start.
      readline.write(null, { ctrl: true, name: 'e' });
      readline.write(null, { ctrl: true, name: 'u' });
    }
    readline.prompt();
  }

  /** Takes one line; false ends the session. */
  async #take(line: string): Promise<boolean> {
    const first = this.#pending === '';
    if (first) {
      const word = line.trim();
      if (word.startsWith('\\')) return this.#runBackslash(word);
      if (/^(exit|quit)\s*;?$/i.test(word)) return false;
      if (/^help\s*;?$/i.test(word)) return this.#runBackslash('\\?');
    }
    this.#pending += `${line}\n`;
    // Later lines complete the text only with the end of a statement or comment: others need no look at all of it.
    if ((first || /;|\*\//.test(line)) && isComplete(this.#pending)) {
      const sql = this.#pending;
      this.#pending = '';
      await this.#runSql(sql);
    }
    return true;
  }

  /** Runs statements and prints their results; false when one failed. */
  #runSql(sql: string): Promise<boolean> {
    const { stdout, now } = this.#options;
    const maxWidth = terminalWidth(stdout);
    const maxRows = maxWidth === undefined ? undefined : this.#maxRows;
    let startMs = now();
    return this.#runCancelable(sql, {
      print: printerOf(this.#format, { maxWidth, maxRows, types: true }),
      announceCommands: this.#format === 'table',
      onStatementEnd: () => {
        const endMs = now();
        if (this.#timing) this.#say(`Time: ${durationText(endMs - startMs)}`);
        startMs = endMs;
      },
    });
  }

  async #runBackslash(line: string): Promise<boolean> {
    const command = parseBackslash(line);
    switch (command.kind) {
      case 'quit':
        return false;
      case 'help':
        this.#screen.write(BACKSLASH_HELP);
        break;
      case 'tables':
        await this.#runSql('SELECT * FROM alopex.tables ORDER BY name');
        break;
      case 'table':
        await this.#describe(command.sqlName, command.name);
        break;
      case 'timing':
        this.#timing = !this.#timing;
        this.#say(`Times are ${this.#timing ? 'shown' : 'not shown'}.`);
        break;
      case 'format':
        this.#format = command.format ?? this.#format;
        this.#say(`Results are printed as ${this.#format}.`);
        break;
      case 'rows':
        this.#maxRows = command.maxRows;
        this.#say(this.#maxRows === undefined ? 'All rows are shown.' : `At most ${this.#maxRows} rows are shown.`);
        break;
      case 'invalid':
        this.#options.stderr.write(`${command.message}\n`);
        break;
    }
    return true;
  }

  async #describe(sqlName: string, name: string): Promise<void> {
    if (!(await this.#runSql(`DESCRIBE ${sqlName}`))) return;
    const literal = `'${name.replaceAll("'", "''")}'`;
    await this.#runCancelable(`SELECT * FROM alopex.tables WHERE lower(name) = lower(${literal})`, {
      print: printRecords,
      announceCommands: false,
    });
  }

  /** Runs what Ctrl-C can cancel. A failure is told, and does not end the session; then the result is false. */
  async #runCancelable(sql: string, options: Omit<RunOptions, 'output' | 'signal'>): Promise<boolean> {
    const { db, stderr } = this.#options;
    this.#running = new AbortController();
    try {
      await runStatements(db, sql, { ...options, output: this.#output, signal: this.#running.signal });
      return true;
    } catch (error) {
      stderr.write(errorText(error));
      return false;
    } finally {
      this.#running = undefined;
    }
  }

  #say(message: string): void {
    this.#screen.write(`${message}\n`);
  }
}

/** `12.3 ms`, `4.56 s`. */
export function durationText(durationMs: number): string {
  return durationMs < 1000 ? `${durationMs.toFixed(1)} ms` : `${(durationMs / 1000).toFixed(2)} s`;
}
