import type { Int64 } from '../../json.ts';
import type { IcebergMetadata } from './metadata.ts';

/** Table metadata while the updates of one commit are applied to it. Immutable: each update makes another. */
export interface Draft {
  readonly metadata: IcebergMetadata;
  readonly nowMs: number;
  /** What `-1` stands for in later updates: the schema, spec or order that this commit added last. */
  readonly lastSchemaId?: number | undefined;
  readonly lastSpecId?: number | undefined;
  readonly lastOrderId?: number | undefined;
  /** Snapshots that this commit adds. */
  readonly added: readonly Int64[];
  /** Those of them that this commit made current, in order. */
  readonly madeCurrent: readonly Int64[];
  readonly hasRemovedSnapshots: boolean;
}

export function draftOf(metadata: IcebergMetadata, nowMs: number): Draft {
  return { metadata, nowMs, added: [], madeCurrent: [], hasRemovedSnapshots: false };
}

/** The draft with some members of its metadata changed. */
export function changed(draft: Draft, members: Partial<IcebergMetadata>): Draft {
  return { ...draft, metadata: { ...draft.metadata, ...members } };
}
