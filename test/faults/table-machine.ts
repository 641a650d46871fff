import { FaultCounters } from '../../engine/sim/fault.ts';
import type { Kernels } from '../sim/kernels.ts';
import { World } from '../sim/world.ts';
import type { MachineFactory } from './scenario.ts';

/** Simulated machines with a kernel, whose Parquet files are in a real folder, in memory where there is such a place. */
export function tableMachines(kernels: Kernels): MachineFactory {
  return ({ database }, seed) => new World({ seed, kernels, counters: new FaultCounters(), database });
}
