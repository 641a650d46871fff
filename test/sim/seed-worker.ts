// Runs the seeds that its parent asks for.
import { FaultCounters } from '../../engine/sim/fault.ts';
import { Kernels } from './kernels.ts';
import { errorText, simulate } from './simulate.ts';

export interface SeedOrder {
  readonly seed: number;
  readonly operations: number;
  /** All must be the same. */
  readonly runs: number;
}

export interface SeedReport {
  readonly seed: number;
  readonly operations: number;
  readonly faults: readonly (readonly [string, number])[];
  /** What was wrong, if anything. */
  readonly failure: string | undefined;
}

const kernels = await Kernels.open();
process.on('disconnect', () => kernels.close());
process.on('message', (order: SeedOrder) => {
  void run(order).then((report) => process.send?.(report));
});

async function run({ seed, operations, runs }: SeedOrder): Promise<SeedReport> {
  const counters = new FaultCounters();
  const first = await simulate(seed, { kernels, operations, counters });
  let failure = first.violation === undefined ? undefined : errorText(first.violation);
  for (let again = 1; again < runs && failure === undefined; again++) {
    const { fingerprint } = await simulate(seed, { kernels, operations });
    if (fingerprint !== first.fingerprint) failure = `not repeatable: ${first.fingerprint}, then ${fingerprint}`;
  }
  return { seed, operations: first.operations, faults: [...counters.counts], failure };
}
