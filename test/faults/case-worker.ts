// Runs cases that its parent sends, one order at a time, until the parent lets go.
import { FLIP_SUBJECTS } from './flip-subjects.ts';
import { flipBits } from './flip-subject.ts';
import { runCase, type FaultCase } from './run-case.ts';
import { Stage } from './scenarios.ts';

export type Order =
  | {
      readonly part: 'scenario';
      readonly name: string;
      readonly seed: number;
      readonly cases: readonly FaultCase[];
    }
  | { readonly part: 'flips'; readonly name: string; readonly first: number; readonly stride: number };

export interface Report {
  /** Cases by what they were, or by how they ended. */
  readonly counts: readonly (readonly [string, number])[];
  readonly failures: readonly string[];
}

const FLIPPED_BYTES = 64 << 10;

const stage = new Stage();

async function run(order: Order): Promise<Report> {
  const counts = new Map<string, number>();
  const failures: string[] = [];
  const count = (name: string, times = 1): unknown => counts.set(name, (counts.get(name) ?? 0) + times);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  };
  if (order.part === 'flips') {
    await attempt(async () => {
      const make = FLIP_SUBJECTS[order.name];
      if (make === undefined) throw new Error(`there is no file ${order.name}`);
      const report = await flipBits(await make(FLIPPED_BYTES), order.first, order.stride);
      count('flipped and reported', report.detected);
      count('flipped and harmless', report.harmless);
    });
  } else {
    const scenario = stage.scenario(order.name);
    const machines = await stage.machines(scenario);
    for (const each of order.cases) {
      count(each.kind);
      await attempt(async () => void (await runCase(scenario, machines, order.seed, each)));
    }
  }
  return { counts: [...counts], failures };
}

process.on('message', (order: Order) => {
  void run(order).then((report) => process.send?.(report));
});
process.on('disconnect', () => stage.close());
