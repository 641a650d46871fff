import { AlopexError } from '../../errors.ts';
import { compareError, isNeverExpected, NEVER_EXPECTED } from './compare-error.ts';
import { compareRows, isOnlyOrder, isResultHash, resultHash, sortedValues } from './compare-rows.ts';
import type { Connection, Database, Failure, Outcome, Rows } from './database.ts';
import type { Condition, LoopStep, QueryStep, Script, StatementStep, Step } from './script.ts';
import { OutcomeLog, type RecordOutcome, type RecordResult, type ScriptResult } from './script-result.ts';
import { replaceLoopValues, replaceVariables, type LoopValue } from './variables.ts';

/** What a runner takes from its surroundings. */
export interface RunOptions {
  readonly database: Database;
  /** Names that `skipif` and `onlyif` may call the database by, in lower case. */
  readonly systems: readonly string[];
  /** For `{NAME}`, `${NAME}` and `__NAME__`, such as `TEST_DIR`. */
  readonly variables: ReadonlyMap<string, string>;
  /** Whether what `require` names is there. */
  has(requirement: string, parameters: readonly string[]): boolean;
  /** Why a statement does not apply to this database, and whether the script ends there; undefined when it does apply. */
  notApplicable(sql: string): { readonly reason: string; readonly endsScript?: boolean } | undefined;
  /** Why what went otherwise than a script expects is as it should be with this database, and whether the rest of the script builds on it; undefined for a failure. */
  excused?(sql: string, difference: Difference): { readonly reason: string; readonly endsScript?: boolean } | undefined;
  /** MD5 as hexadecimal digits. */
  md5(text: string): string;
  sleep(durationMs: number): Promise<void>;
  /** Unpacks a gzip file. */
  unzip(from: string, to: string): Promise<void>;
  /** The values of a file of expected rows: text between bars, below a line of names. */
  expectedFile(path: string): Promise<string[]>;
  /** True once time is up: what has not been run by then has failed. */
  expired(): boolean;
}

/** What a database did where a script expects something else: an error, or the same rows in another order. */
export type Difference = Failure | { readonly kind: 'order' };

type Record = StatementStep | QueryStep;

/** Runs a script and compares. After a record that failed it goes on. */
export async function runScript(script: Script, options: RunOptions): Promise<ScriptResult> {
  return new ScriptRunner(options).run(script);
}

/** Loops around a step, and the connection of a turn of a concurrent one. */
interface Scope {
  readonly loops: readonly LoopValue[];
  readonly connection: string;
}

type Flow = 'next' | 'continue';

class ScriptRunner {
  readonly #options: RunOptions;
  readonly #variables: Map<string, string>;
  readonly #outcomes = new OutcomeLog<Step>();
  readonly #labels = new Map<string, { readonly hash: string; readonly inAnyOrder: string }>();
  /** Results of more values than this are compared by hash only; 0 for none. */
  #hashThreshold = 0;
  #ignored: readonly string[] = [];
  #neverExpected: readonly string[] = NEVER_EXPECTED;
  #turns = 0;
  /** Why the rest of the script is not run. */
  #stopped: string | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#variables = new Map(options.variables);
  }

  async run(script: Script): Promise<ScriptResult> {
    await this.#steps(script.steps, { loops: [], connection: '' });
    const skipped = this.#stopped;
    const reason = skipped ?? 'never reached';
    const rest: RecordOutcome = this.#options.expired()
      ? { kind: 'failed', reason: 'time limit: not reached' }
      : { kind: 'skipped', reason };
    const records = stepsWithin(script.steps).flatMap((step): RecordResult[] => {
      const known = this.#outcomes.get(step);
      if (known !== undefined) return [known];
      return isRecord(step) ? [{ line: step.line, sql: step.sql, outcome: rest }] : [];
    });
    return { records, skipped };
  }

  async #steps(steps: readonly Step[], scope: Scope): Promise<Flow> {
    for (const step of steps) {
      if (this.#stopped !== undefined || this.#options.expired()) return 'next';
      if (!step.conditions.every((condition) => this.#holds(condition, scope.loops))) continue;
      if (step.kind === 'continue') return 'continue';
      if (step.kind === 'loop') await this.#loop(step, scope);
      else if (isRecord(step)) await this.#record(step, scope);
      else await this.#other(step, scope);
    }
    return 'next';
  }

  async #loop(step: LoopStep, scope: Scope): Promise<void> {
    const turn = async (value: string, connection: string): Promise<void> => {
      await this.#steps(step.body, { loops: [...scope.loops, { variable: step.variable, value }], connection });
    };
    if (step.concurrent) {
      await Promise.all(step.values.map((value) => turn(value, `concurrent turn ${++this.#turns}`)));
    } else {
      for (const value of step.values) await turn(value, scope.connection);
    }
  }

  async #record(step: Record, scope: Scope): Promise<void> {
    const { line } = step;
    const sql = this.#text(step.sql, scope);
    const excluded = this.#options.notApplicable(sql);
    if (excluded?.endsScript === true) this.#stopped = excluded.reason;
    const outcome: RecordOutcome =
      excluded === undefined ? await this.#outcome(step, sql, scope) : { kind: 'skipped', reason: excluded.reason };
    this.#outcomes.add(step, { line, sql, outcome });
  }

  async #outcome(step: Record, sql: string, scope: Scope): Promise<RecordOutcome> {
    const connection = await this.#connection(step.connection === '' ? scope.connection : step.connection);
    const outcome = await connection.run(sql);
    const excuse = (difference: Difference): RecordOutcome | undefined => this.#excuse(sql, difference);
    if (outcome.kind === 'error' && this.#options.expired()) return failed(`time limit: ${outcome.message}`);
    return step.kind === 'statement'
      ? this.#checkStatement(step, outcome, excuse)
      : this.#checkQuery(step, outcome, scope, excuse);
  }

  #excuse(sql: string, difference: Difference): RecordOutcome | undefined {
    const excuse = this.#options.excused?.(sql, difference);
    if (excuse === undefined) return undefined;
    if (excuse.endsScript === true) this.#stopped = excuse.reason;
    return { kind: 'skipped', reason: excuse.reason };
  }

  #checkStatement(step: StatementStep, outcome: Outcome, excuse: Excuse): RecordOutcome {
    if (outcome.kind === 'rows')
      return step.expect === 'error' ? failed('an error is expected, there was none') : PASSED;
    if (step.expect === 'ok') return excuse(outcome) ?? this.#failed(outcome);
    if (isNeverExpected(outcome, this.#neverExpected)) return failed(errorText(outcome));
    const match = compareError(outcome, step.expectedError, (text) => this.#replaced(text));
    if (match !== 'none') return { kind: 'passed', byKind: match === 'kind' };
    const expected = step.expectedError.slice(0, 200);
    return this.#failed(outcome, `another error is expected: ${expected} — found: ${errorText(outcome)}`);
  }

  async #checkQuery(step: QueryStep, outcome: Outcome, scope: Scope, excuse: Excuse): Promise<RecordOutcome> {
    if (outcome.kind === 'error') return excuse(outcome) ?? this.#failed(outcome);
    const found = await this.#difference(step, outcome, scope);
    if (found === undefined) return PASSED;
    return (found.isOrder === true ? excuse({ kind: 'order' }) : undefined) ?? failed(found.reason);
  }

  async #difference(
    step: QueryStep,
    result: Rows,
    scope: Scope,
  ): Promise<{ readonly reason: string; readonly isOrder?: boolean } | undefined> {
    const { label, sort, columnCount } = step;
    const byHash = isResultHash(step.expected);
    const valueCount = result.rows.length * result.columns.length;
    if (byHash || label !== undefined || (this.#hashThreshold > 0 && valueCount > this.#hashThreshold)) {
      const hash = resultHash(sortedValues(result, sort), (text) => this.#options.md5(text));
      if (byHash)
        return hash === step.expected[0]
          ? undefined
          : { reason: `wrong hash: expected ${step.expected[0]}, found ${hash}` };
      if (label === undefined) return undefined;
      const inAnyOrder = resultHash(sortedValues(result, 'rowsort'), (text) => this.#options.md5(text));
      const known = this.#labels.get(label) ?? { hash, inAnyOrder };
      this.#labels.set(label, known);
      if (known.hash === hash) return undefined;
      return {
        reason: `the result is another than before with label ${label}`,
        isOrder: known.inAnyOrder === inAnyOrder,
      };
    }
    const [first = ''] = step.expected;
    const lines =
      step.expected.length === 1 && first.startsWith('<FILE>:')
        ? await this.#options.expectedFile(this.#text(first.slice('<FILE>:'.length), scope))
        : step.expected;
    const replace = (text: string): string => this.#replaced(text);
    const reason = compareRows(result, { columnCount, sort, lines }, replace);
    if (reason === undefined) return undefined;
    return { reason, isOrder: sort === 'nosort' && isOnlyOrder(result, { columnCount, lines }, replace) };
  }

  /** Steps that are no records; one that fails is counted as a failed record. */
  async #other(step: Exclude<Step, Record | LoopStep>, scope: Scope): Promise<void> {
    const { database } = this.#options;
    const path = (text: string): string => this.#text(text, scope);
    try {
      switch (step.kind) {
        case 'require':
          if (!this.#options.has(step.name, step.arguments)) this.#stopped = `require ${step.name}`;
          break;
        case 'require-env': {
          const value = this.#variables.get(step.name);
          const fits = value !== undefined && (step.value === undefined || step.value === value);
          if (!fits) this.#stopped = `require-env ${step.name}`;
          break;
        }
        case 'test-env':
          if (!this.#variables.has(step.name)) this.#variables.set(step.name, this.#replaced(step.value));
          break;
        case 'load': {
          const target = step.path === undefined || step.path === ':memory:' ? undefined : path(step.path);
          await database.load(target, step.readOnly);
          break;
        }
        case 'restart':
          await database.restart();
          break;
        case 'reconnect':
          await database.reconnect();
          break;
        case 'unzip': {
          const from = path(step.from);
          const name = (from.split('/').at(-1) ?? from).replace(/\.gz$/, '');
          await this.#options.unzip(
            from,
            step.to === undefined ? this.#replaced(`__TEST_DIR__/${name}`) : path(step.to),
          );
          break;
        }
        case 'sleep':
          await this.#options.sleep(step.durationMs);
          break;
        case 'hash-threshold':
          this.#hashThreshold = step.count;
          break;
        case 'reset-label':
          this.#labels.delete(step.label);
          break;
        case 'ignore-errors':
          this.#ignored = step.texts;
          break;
        case 'never-expected-errors':
          this.#neverExpected = step.texts;
          break;
        case 'seed':
          await (await this.#connection(scope.connection)).run(`SELECT setseed(${step.seed})`);
          break;
        case 'continue':
          break;
      }
    } catch (error) {
      if (!(error instanceof AlopexError)) throw error;
      const outcome = failed(`${step.kind}: ${error.code} ${error.message}`);
      this.#outcomes.add(step, { line: step.line, sql: step.kind, outcome });
    }
  }

  #holds(condition: Condition, loops: readonly LoopValue[]): boolean {
    if (condition.kind === 'system') return this.#options.systems.includes(condition.name) !== condition.skip;
    const { variable, operator, value, skip } = condition;
    const loop = loops.findLast((candidate) => candidate.variable.toLowerCase() === variable);
    return loop !== undefined && compares(loop.value, operator, value) !== skip;
  }

  /** The outcome of a failed statement, unless its error is one that the script ends with. */
  #failed(failure: Failure, reason = errorText(failure)): RecordOutcome {
    const ignored = this.#ignored.find((text) => failure.message.includes(text));
    if (ignored === undefined) return failed(reason);
    this.#stopped = `ignored error: ${ignored}`;
    return { kind: 'skipped', reason: this.#stopped };
  }

  #connection(name: string): Promise<Connection> {
    return this.#options.database.connection(name);
  }

  #replaced(text: string): string {
    return replaceVariables(text, this.#variables);
  }

  #text(text: string, scope: Scope): string {
    return replaceLoopValues(this.#replaced(text), scope.loops, this.#variables);
  }
}

type Excuse = (difference: Difference) => RecordOutcome | undefined;

const PASSED: RecordOutcome = { kind: 'passed', byKind: false };

function failed(reason: string): RecordOutcome {
  return { kind: 'failed', reason };
}

function errorText({ code, message }: Failure): string {
  return code === undefined ? message : `${code} ${message}`;
}

function isRecord(step: Step): step is Record {
  return step.kind === 'statement' || step.kind === 'query';
}

function stepsWithin(steps: readonly Step[]): Step[] {
  return steps.flatMap((step) => (step.kind === 'loop' ? stepsWithin(step.body) : [step]));
}

/** Equality is of texts, order of numbers. */
function compares(left: string, operator: '<>' | '>=' | '>' | '<=' | '<' | '=', right: string): boolean {
  switch (operator) {
    case '=':
      return left === right;
    case '<>':
      return left !== right;
    case '<':
      return Number(left) < Number(right);
    case '<=':
      return Number(left) <= Number(right);
    case '>':
      return Number(left) > Number(right);
    case '>=':
      return Number(left) >= Number(right);
  }
}
