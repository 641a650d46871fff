import { runSuite } from './run-suite.ts';

export function run(): Promise<void> {
  return runSuite('tpcds');
}
