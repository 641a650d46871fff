import { NodeFileSystem } from '../../../connectors/node/node-file-system.ts';

/** Moments of a compaction: before it reads its sources, and when its first segment is written and not yet current. */
export type CompactionMoment = 'before-reading' | 'written';

/** The files of the machine, with a test that steps in at a moment of a compaction. */
export class HookedFiles extends NodeFileSystem {
  #hook: { readonly moment: CompactionMoment; readonly act: () => Promise<void> } | undefined;

  /** Runs `act` once, at the next such moment. */
  at(moment: CompactionMoment, act: () => Promise<void>): void {
    this.#hook = { moment, act };
  }

  /** Whether what was asked for has not happened yet. */
  get isWaiting(): boolean {
    return this.#hook !== undefined;
  }

  override async makeFolder(path: string): Promise<void> {
    await super.makeFolder(path);
    if (path.includes('/tmp/compaction-')) await this.#reach('before-reading');
  }

  override async syncFile(path: string): Promise<void> {
    await super.syncFile(path);
    if (/\/tmp\/compaction-[^/]*\/map-0/.test(path)) await this.#reach('written');
  }

  async #reach(moment: CompactionMoment): Promise<void> {
    const hook = this.#hook;
    if (hook?.moment !== moment) return;
    this.#hook = undefined;
    await hook.act();
  }
}
