import type { EngineLimits } from '../../../engine/limits.ts';
import type { Cell, Row } from '../../differential/test-support/cell.ts';
import type { Episode } from '../generate/episode.ts';
import type { PartitionCheck } from '../generate/partition.ts';
import { stepSql, statementsOf, type Step } from '../generate/step.ts';
import { isAccepted } from './accepted.ts';
import { AlopexSide } from './alopex-side.ts';
import { difference, outcomeOf, outcomeText, type Outcome } from './outcome.ts';
import { PlainSide } from './plain-side.ts';

export interface Difference {
  readonly step: Step;
  /** The same for the same fault, whatever else the script has. */
  readonly what: string;
  readonly ours: string;
  readonly expected: string;
  readonly inTransaction: boolean;
  /** The table that the step changes has a key twice now, in AlopexDB. */
  readonly hasDuplicates: boolean;
}

export interface EpisodeReport {
  readonly statements: number;
  /** Statements that failed in both. */
  readonly failed: number;
  /** Why the rest was not compared, see `accepted.ts`. */
  readonly accepted: string | undefined;
  readonly difference: Difference | undefined;
}

/** Runs the steps in both databases until they differ. */
export async function runEpisode({ limits, steps }: Episode): Promise<EpisodeReport> {
  const pair = await Pair.open(limits);
  try {
    let statements = 0;
    const report = (rest: Partial<EpisodeReport> = {}): EpisodeReport => ({
      statements,
      failed: pair.failed,
      accepted: undefined,
      difference: undefined,
      ...rest,
    });
    for (const step of steps) {
      statements += statementsOf(step);
      const found = await pair.run(step);
      if (found === undefined) continue;
      const accepted = isAccepted(found, step);
      if (accepted !== undefined) return report({ accepted });
      return report({ difference: found });
    }
    return report();
  } finally {
    await pair.close();
  }
}

class Pair {
  readonly #alopex: AlopexSide;
  readonly #plain: PlainSide;
  failed = 0;

  private constructor(alopex: AlopexSide, plain: PlainSide) {
    this.#alopex = alopex;
    this.#plain = plain;
  }

  static async open(limits: Partial<EngineLimits>): Promise<Pair> {
    return new Pair(await AlopexSide.open(limits), await PlainSide.open());
  }

  async close(): Promise<void> {
    this.#plain.close();
    await this.#alopex.close();
  }

  async run(step: Step): Promise<Difference | undefined> {
    switch (step.kind) {
      case 'query':
        return this.#both(step, await outcomeOf(this.#plain.run(step.sql, 'query')), step.ordered);
      case 'change':
      case 'insert':
        return this.#both(
          step,
          await outcomeOf(this.#plain.run(stepSql(step), step.returning ? 'returning' : 'count')),
        );
      case 'define':
        // Shrinking can leave a transaction open; the databases do not agree on definitions in one.
        if (this.#alopex.isInTransaction || this.#plain.isInTransaction) return undefined;
        return this.#both(step, uncounted(await outcomeOf(this.#plain.run(step.sql, 'nothing'))));
      case 'transaction':
        return this.#transaction(step);
      case 'partition':
        return this.#partition(step, step.check);
      case 'layout':
        return this.#layout(step);
      case 'reopen':
        if (!this.#alopex.isInTransaction) await this.#alopex.reopen();
        return undefined;
    }
  }

  async #found(step: Step, what: string | undefined, ours: string, expected: string): Promise<Difference | undefined> {
    if (what === undefined) return undefined;
    const inTransaction = this.#plain.isInTransaction;
    return { step, what, ours, expected, inTransaction, hasDuplicates: await this.#hasDuplicates(step) };
  }

  async #hasDuplicates(step: Step): Promise<boolean> {
    if (!('duplicates' in step) || step.duplicates === undefined) return false;
    const outcome = await outcomeOf(this.#alopex.run(step.duplicates));
    return outcome.kind === 'rows' && outcome.rows.length > 0;
  }

  async #both(step: Step, plain: Outcome, ordered = false): Promise<Difference | undefined> {
    const given = await outcomeOf(this.#alopex.run(stepSql(step)));
    const ours = step.kind === 'define' ? uncounted(given) : given;
    if (ours.kind === 'error' && plain.kind === 'error') this.failed++;
    return this.#found(step, difference(ours, plain, ordered), outcomeText(ours), outcomeText(plain));
  }

  async #transaction(step: Step & { kind: 'transaction' }): Promise<Difference | undefined> {
    const isOpen = this.#plain.isInTransaction;
    // What shrinking leaves without its other half.
    if ((step.sql === 'BEGIN') === isOpen) return undefined;
    const ours = uncounted(await outcomeOf(this.#alopex.run(step.sql)));
    const plain = await outcomeOf(this.#plain.control(step.sql));
    return this.#found(step, difference(ours, plain, false), outcomeText(ours), outcomeText(plain));
  }

  /** Moves that cannot be are no difference; what they leave is compared by the statements that follow. */
  async #layout(step: Step & { kind: 'layout' }): Promise<Difference | undefined> {
    const ours = await outcomeOf(this.#alopex.move(step.sql));
    // The table may be gone from a shrunk script.
    if (ours.kind !== 'error' || ours.code === '42P01') return undefined;
    return this.#found(step, `a move fails with ${ours.code}`, outcomeText(ours), 'done');
  }

  async #partition(step: Step, check: PartitionCheck): Promise<Difference | undefined> {
    const whole = await outcomeOf(this.#alopex.run(check.whole));
    const parts: Outcome[] = [];
    for (const sql of check.parts) parts.push(await outcomeOf(this.#alopex.run(sql)));
    // What fails is compared with plain DuckDB elsewhere.
    if ([whole, ...parts].some(({ kind }) => kind === 'error')) return undefined;
    const columns = whole.kind === 'rows' ? whole.columns : [];
    const rows = combined(
      parts.map((part) => (part.kind === 'rows' ? part.rows : [])),
      check.combine,
    );
    const sum: Outcome = { kind: 'rows', columns, rows };
    const what = difference(sum, whole, false);
    return this.#found(
      step,
      what === undefined ? undefined : `the parts are not the whole: ${what}`,
      outcomeText(sum),
      outcomeText(whole),
    );
  }
}

function uncounted(outcome: Outcome): Outcome {
  return outcome.kind === 'error' ? outcome : { kind: 'done', count: undefined };
}

function combined(parts: readonly (readonly Row[])[], combine: PartitionCheck['combine']): readonly Row[] {
  if (combine === 'rows') return parts.flat();
  return [combine.map((how, index) => parts.map(([row]) => row?.[index] ?? null).reduce((a, b) => added(a, b, how)))];
}

function added(a: Cell, b: Cell, how: 'sum' | 'min' | 'max'): Cell {
  if (a === null || b === null) return a ?? b;
  const [left, right] = [a as bigint, b as bigint];
  if (how === 'sum') return left + right;
  return (how === 'min') === left < right ? left : right;
}
