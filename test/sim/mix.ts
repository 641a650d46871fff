import type { SimTime } from '../../engine/sim/clock.ts';
import { KeyWorkload } from './key-workload.ts';
import { OwnTableWorkload } from './own-table-workload.ts';
import { TableWorkload } from './table-workload.ts';
import { TransactionWorkload } from './transaction-workload.ts';
import type { Workload } from './workload.ts';

/** Makes the workloads for a number of tasks, each with how often it is chosen. */
export type Mix = (tasks: number, time: SimTime) => readonly (readonly [Workload, number])[];

/** Tables alone: each operation takes the kernel some ten milliseconds. */
export const tables: Mix = (tasks) => [
  [new TableWorkload(tasks), 10],
  [new OwnTableWorkload(tasks), 1],
];

/** Keys alone. */
export const keys: Mix = (tasks, time) => [[new KeyWorkload(tasks, time), 1]];

/** Mostly keys, so that a seed has thousands of operations; tables, and transactions over both. */
export const defaultMix: Mix = (tasks, time) => {
  const key = new KeyWorkload(tasks, time);
  const table = new TableWorkload(tasks);
  return [
    [key, 976],
    [table, 14],
    [new OwnTableWorkload(tasks), 2],
    [new TransactionWorkload(key, table), 8],
  ];
};
