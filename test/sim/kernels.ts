import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SharedKernel } from './kernel.ts';

/** The two native kernels that a database opens, one for data and one for plans, kept for all simulations of this process. */
export class Kernels {
  readonly #kernels: readonly [SharedKernel, SharedKernel];
  readonly #folder: string;

  private constructor(kernels: readonly [SharedKernel, SharedKernel], folder: string) {
    this.#kernels = kernels;
    this.#folder = folder;
  }

  static async open(): Promise<Kernels> {
    const folder = mkdtempSync(join(tmpdir(), 'alopex-sim-spill-'));
    return new Kernels([await SharedKernel.open(folder), await SharedKernel.open(folder)], folder);
  }

  /** The kernels, as new. */
  async reset(): Promise<readonly [SharedKernel, SharedKernel]> {
    for (const kernel of this.#kernels) await kernel.reset();
    return this.#kernels;
  }

  close(): void {
    for (const kernel of this.#kernels) kernel.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
