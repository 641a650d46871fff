import { Kernels } from '../sim/kernels.ts';
import { applies, FAULT_KINDS } from './fault-kind.ts';
import { KeyMachine } from './key-machine.ts';
import { KEYS, LOG_SPACE, MANIFEST_REWRITE } from './key-scenario.ts';
import { recordCalls, type FaultCase } from './run-case.ts';
import type { MachineFactory, Scenario } from './scenario.ts';
import { tableMachines } from './table-machine.ts';
import { COMPACTION, DEFINITIONS, TABLES, TIERING } from './table-scenario.ts';

const KEY_SCENARIOS: readonly Scenario[] = [KEYS, LOG_SPACE, MANIFEST_REWRITE];
const TABLE_SCENARIOS: readonly Scenario[] = [TABLES, COMPACTION, TIERING, DEFINITIONS];

export const SCENARIO_NAMES: readonly string[] = [...KEY_SCENARIOS, ...TABLE_SCENARIOS].map(({ name }) => name);

/** The scenarios with the machines that they run on. To be closed. */
export class Stage {
  #kernels: Kernels | undefined;

  scenario(name: string): Scenario {
    const found = [...KEY_SCENARIOS, ...TABLE_SCENARIOS].find((scenario) => scenario.name === name);
    if (found === undefined) throw new Error(`there is no scenario ${name}: ${SCENARIO_NAMES.join(', ')}`);
    return found;
  }

  async machines(scenario: Scenario): Promise<MachineFactory> {
    if (KEY_SCENARIOS.includes(scenario)) return (each, seed) => new KeyMachine(each, seed);
    this.#kernels ??= await Kernels.open();
    return tableMachines(this.#kernels);
  }

  /** Every kind of trouble at every call that a run without any makes. */
  async cases(scenario: Scenario, seed: number): Promise<FaultCase[]> {
    const calls = await recordCalls(scenario, await this.machines(scenario), seed);
    return FAULT_KINDS.flatMap((kind) => calls.flatMap((call, at) => (applies(kind, call) ? [{ kind, at }] : [])));
  }

  close(): void {
    this.#kernels?.close();
  }
}
