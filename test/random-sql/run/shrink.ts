import type { Episode } from '../generate/episode.ts';
import type { Step } from '../generate/step.ts';
import { runEpisode, type Difference } from './run-episode.ts';

/** Runs that a script is worth. */
const MAX_RUNS = 250;

export interface Shrunk {
  readonly episode: Episode;
  readonly difference: Difference;
}

/** Leaves out steps, then rows of INSERTs, while the two still differ in the same way. */
export async function shrink(episode: Episode, difference: Difference): Promise<Shrunk> {
  const end = episode.steps.indexOf(difference.step) + 1;
  const search = new Search(episode, difference, episode.steps.slice(0, end));
  await search.leaveOutSteps();
  await search.leaveOutRows();
  return search.result;
}

class Search {
  readonly #limits: Episode['limits'];
  readonly #what: string;
  #steps: readonly Step[];
  #difference: Difference;
  #runs = 0;

  constructor({ limits }: Episode, difference: Difference, steps: readonly Step[]) {
    this.#limits = limits;
    this.#what = kindOf(difference.what);
    this.#difference = difference;
    this.#steps = steps;
  }

  get result(): Shrunk {
    return { episode: { limits: this.#limits, steps: this.#steps }, difference: this.#difference };
  }

  async leaveOutSteps(): Promise<void> {
    for (let size = Math.ceil(this.#steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      // From the end: later steps are needed least.
      for (let end = this.#steps.length - 1; end > 0; end -= size) {
        const start = Math.max(0, end - size);
        await this.#try(this.#steps.toSpliced(start, end - start));
      }
    }
  }

  async leaveOutRows(): Promise<void> {
    for (let index = 0; index < this.#steps.length; index++) {
      for (let row = 0; ;) {
        const step = this.#steps[index];
        if (step?.kind !== 'insert' || step.rows.length < 2 || row >= step.rows.length) break;
        const fewer: Step = { ...step, rows: step.rows.toSpliced(row, 1) };
        if (!(await this.#try(this.#steps.with(index, fewer)))) row++;
      }
    }
  }

  async #try(steps: readonly Step[]): Promise<boolean> {
    if (this.#runs++ >= MAX_RUNS) return false;
    const { difference } = await runEpisode({ limits: this.#limits, steps });
    if (difference === undefined || kindOf(difference.what) !== this.#what) return false;
    this.#steps = steps.slice(0, steps.indexOf(difference.step) + 1);
    this.#difference = difference;
    return true;
  }
}

/** Values and names in messages may change while a script shrinks. */
export function kindOf(what: string): string {
  return what.replaceAll(/"[^"]*"|'[^']*'|[a-z]?\d+/g, '…').slice(0, 60);
}
