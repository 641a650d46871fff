import { foreachValues } from './foreach-values.ts';
import { ScriptLines } from './script-lines.ts';
import type { Condition, Located, LoopOperator, LoopStep, Script, SortMode, Step } from './script.ts';

const SORT_MODES: Readonly<Record<string, SortMode>> = {
  none: 'nosort',
  nosort: 'nosort',
  sort: 'rowsort',
  rowsort: 'rowsort',
  valuesort: 'valuesort',
};

/** Longer operators first, as `>` stands in `<>` too. */
const OPERATORS: readonly LoopOperator[] = ['<>', '>=', '>', '<=', '<', '='];

const UNIT_MS: Readonly<Record<string, number>> = { second: 1000, sec: 1000, millisecond: 1, milli: 1 };

/** Takes a `.test` script apart. Throws `42601`, with the line, for what is not in the format. */
export function parseScript(text: string): Script {
  return new ScriptParser(text).parse();
}

interface OpenLoop {
  readonly loop: Omit<LoopStep, 'body'>;
  readonly body: Step[];
}

class ScriptParser {
  readonly #lines: ScriptLines;
  readonly #tags: string[] = [];
  readonly #steps: Step[] = [];
  readonly #loops: OpenLoop[] = [];
  /** Above 0 between `mode skip` and `mode unskip`. */
  #skipped = 0;

  constructor(text: string) {
    this.#lines = new ScriptLines(text);
  }

  parse(): Script {
    for (let words = this.#lines.nextRecord(); words !== undefined; words = this.#lines.nextRecord()) {
      const conditions: Condition[] = [];
      while (words[0] === 'skipif' || words[0] === 'onlyif') {
        conditions.push(...this.#conditions(words));
        this.#lines.advance();
        words = this.#lines.words();
      }
      const [command = '', ...parameters] = words;
      if (this.#skipped > 0 && command !== 'mode') this.#lines.skipRecord();
      else if (command === 'halt') break;
      else this.#record(command, parameters, { line: this.#lines.number, conditions });
    }
    if (this.#loops.length > 0) throw this.#lines.error('endloop is missing');
    return { tags: this.#tags, steps: this.#steps };
  }

  #record(command: string, parameters: readonly string[], at: Located): void {
    if (command === 'statement') return this.#statement(parameters, at);
    if (command === 'query') return this.#query(parameters, at);
    const [first = '', second] = parameters;
    switch (command) {
      case 'mode':
        if (first === 'skip') this.#skipped++;
        else if (first === 'unskip') this.#skipped--;
        // The other modes choose what a runner prints.
        break;
      case 'tags':
        this.#tags.push(...parameters);
        break;
      case 'loop':
      case 'concurrentloop':
      case 'foreach':
      case 'concurrentforeach':
        this.#loops.push({ loop: this.#loop(command, parameters, at), body: [] });
        break;
      case 'endloop': {
        const open = this.#loops.pop();
        if (open === undefined) throw this.#lines.error('endloop without a loop');
        this.#add({ ...open.loop, body: open.body });
        break;
      }
      case 'require':
        this.#add({ ...at, kind: 'require', name: this.#needed(first).toLowerCase(), arguments: parameters.slice(1) });
        break;
      case 'require-env':
        this.#add({ ...at, kind: 'require-env', name: this.#needed(first), value: second });
        break;
      case 'test-env':
        this.#add({ ...at, kind: 'test-env', name: this.#needed(first), value: this.#needed(second) });
        break;
      case 'load':
        this.#add({
          ...at,
          kind: 'load',
          path: first === '' ? undefined : first,
          readOnly: second?.toLowerCase() === 'readonly',
        });
        break;
      case 'unzip':
        this.#add({ ...at, kind: 'unzip', from: this.#needed(first), to: second === 'NULL' ? undefined : second });
        break;
      case 'sleep':
        this.#add({ ...at, kind: 'sleep', durationMs: this.#durationMs(first, second) });
        break;
      case 'hash-threshold':
        this.#add({ ...at, kind: 'hash-threshold', count: this.#integer(first) });
        break;
      case 'reset':
        if (first.toLowerCase() !== 'label') throw this.#lines.error(`reset ${first} is not known`);
        this.#add({ ...at, kind: 'reset-label', label: this.#needed(second) });
        break;
      case 'set':
        this.#add(this.#setting(parameters, at));
        break;
      case 'restart':
      case 'reconnect':
        this.#add({ ...at, kind: command });
        break;
      case 'continue':
        if (this.#loops.length === 0) throw this.#lines.error('continue outside of a loop');
        this.#add({ ...at, kind: 'continue' });
        break;
      default:
        throw this.#lines.error(`${JSON.stringify(command)} is no command`);
    }
    this.#lines.endLine();
  }

  #statement([expect = '', connection = '']: readonly string[], at: Located): void {
    if (expect !== 'ok' && expect !== 'error' && expect !== 'maybe') {
      throw this.#lines.error('expected statement ok, error or maybe');
    }
    this.#lines.advance();
    const sql = this.#lines.sql();
    if (sql === '') throw this.#lines.error('a statement without SQL');
    const expected = this.#lines.expected();
    if (expect === 'ok' && expected !== undefined) throw this.#lines.error('statement ok has no result');
    if (expect !== 'ok' && expected === undefined) {
      throw this.#lines.error(`statement ${expect} needs ---- and the error's message, which may be empty`);
    }
    this.#add({ ...at, kind: 'statement', expect, sql, expectedError: expected?.join('\n') ?? '', connection });
  }

  #query([types = '', order, label]: readonly string[], at: Located): void {
    if (!/^[TIR]+$/.test(types)) throw this.#lines.error('a query has a type for each column: T, I or R');
    this.#lines.advance();
    const sql = this.#lines.sql();
    const expected = this.#lines.expected() ?? [];
    // A word that is no sort mode names the connection.
    const sort = order === undefined ? 'nosort' : SORT_MODES[order];
    this.#add({
      ...at,
      kind: 'query',
      columnCount: types.length,
      sort: sort ?? 'nosort',
      label,
      sql,
      expected,
      connection: sort === undefined ? (order ?? '') : '',
    });
  }

  #loop(command: string, [variable = '', ...words]: readonly string[], at: Located): Omit<LoopStep, 'body'> {
    const concurrent = command.startsWith('concurrent');
    if (command.endsWith('foreach')) {
      if (words.length === 0) throw this.#lines.error(`${command} needs a name and values`);
      return { ...at, kind: 'loop', variable, values: foreachValues(words), concurrent };
    }
    const [start, end] = [this.#integer(words[0] ?? ''), this.#integer(words[1] ?? '')];
    // A loop runs once at least.
    const length = Math.max(1, end - start);
    const values = Array.from({ length }, (_, index) => String(start + index));
    return { ...at, kind: 'loop', variable, values, concurrent };
  }

  #setting([name = '', ...words]: readonly string[], at: Located): Step {
    if (name === 'seed') return { ...at, kind: 'seed', seed: this.#needed(words[0]) };
    const texts = words
      .join(' ')
      .split(',')
      .map((text) => text.trim())
      .filter((text) => text !== '');
    if (name === 'ignore_error_messages') return { ...at, kind: 'ignore-errors', texts };
    if (name === 'always_fail_error_messages') return { ...at, kind: 'never-expected-errors', texts };
    throw this.#lines.error(`set ${name} is not known`);
  }

  #conditions([command, ...words]: readonly string[]): Condition[] {
    const skip = command === 'skipif';
    const text = this.#needed(words[0]).toLowerCase();
    if (!/[=<>]/.test(text)) return [{ kind: 'system', name: text, skip }];
    return text.split('&&').map((part): Condition => {
      const operator = OPERATORS.find((candidate) => part.includes(candidate));
      const sides = operator === undefined ? [] : part.split(operator).map((side) => side.trim());
      const [variable, value, more] = sides;
      if (operator === undefined || variable === undefined || value === undefined || more !== undefined) {
        throw this.#lines.error(`${part} is no condition of the form x=1, joined by &&`);
      }
      return { kind: 'loop', variable, operator, value, skip };
    });
  }

  #durationMs(amount: string, unit = ''): number {
    const factor = UNIT_MS[unit.replace(/s$/, '')];
    if (factor === undefined) throw this.#lines.error(`${unit} is no unit of time`);
    return this.#integer(amount) * factor;
  }

  #integer(text: string): number {
    if (!/^-?\d+$/.test(text)) throw this.#lines.error(`expected a whole number, not ${JSON.stringify(text)}`);
    return Number(text);
  }

  #needed(word: string | undefined): string {
    if (word === undefined || word === '') throw this.#lines.error('a parameter is missing');
    return word;
  }

  #add(step: Step): void {
    (this.#loops.at(-1)?.body ?? this.#steps).push(step);
  }
}
