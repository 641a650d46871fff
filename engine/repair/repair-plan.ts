import type { ManifestState } from '../lsm/state.ts';
import type { KvSegmentState } from '../kv/segment-state.ts';
import type { KeySegmentParts } from './key-segment-parts.ts';
import type { RepairItem } from './repair-item.ts';

/** A file of the log that is to end before its damage. */
export interface LogCut {
  /** Path below the data directory. */
  readonly file: string;
  /** What is kept of it; nothing: it is removed. */
  readonly keepBytes: number;
}

/** All that a repair changes. Files it names are copied before anything else happens. */
export interface RepairPlan {
  readonly items: RepairItem[];
  /** The state that the new manifest holds. */
  state: ManifestState;
  /** Whether there is to be a new manifest though the state is as it was. */
  rewritesManifest: boolean;
  readonly logCuts: LogCut[];
  /** Damaged key-value segments of which something is intact. The state names them no more. */
  readonly salvages: { readonly segment: KvSegmentState; readonly parts: KeySegmentParts }[];
  /** Files that are removed once nothing names them any more. */
  readonly removals: string[];
}
