import type { KvSegmentState } from '../kv/segment-state.ts';

/** The key-value tree, as the manifest says it is. */
export interface KvState {
  readonly nextKeyspaceId: number;
  readonly keyspaces: readonly KeyspaceState[];
  /** Key-value operations of commits up to this number are in segments; the log's older ones are skipped on replay. */
  readonly flushedSeq: number;
  readonly segments: readonly KvSegmentState[];
}

export interface KeyspaceState {
  /** The first four bytes of its keys. Never used again. */
  readonly id: number;
  readonly name: string;
}

export type KvEdit =
  | { readonly kind: 'create-keyspace'; readonly keyspace: KeyspaceState }
  /** Its keys are deleted by a range deletion of their own. */
  | { readonly kind: 'drop-keyspace'; readonly id: number }
  /** A flush (with `flushedSeq`) or a compaction. A segment that moves to another level is removed and added. */
  | {
      readonly kind: 'change-kv-segments';
      readonly flushedSeq?: number;
      readonly add: readonly KvSegmentState[];
      readonly remove: readonly number[];
    };

export const EMPTY_KV_STATE: KvState = { nextKeyspaceId: 1, keyspaces: [], flushedSeq: 0, segments: [] };

export function applyKvEdit(state: KvState, edit: KvEdit): KvState {
  switch (edit.kind) {
    case 'create-keyspace':
      return {
        ...state,
        nextKeyspaceId: Math.max(state.nextKeyspaceId, edit.keyspace.id + 1),
        keyspaces: [...state.keyspaces, edit.keyspace],
      };
    case 'drop-keyspace':
      return { ...state, keyspaces: state.keyspaces.filter((keyspace) => keyspace.id !== edit.id) };
    case 'change-kv-segments': {
      const removed = new Set(edit.remove);
      return {
        ...state,
        flushedSeq: edit.flushedSeq ?? state.flushedSeq,
        segments: [...state.segments.filter((segment) => !removed.has(segment.fileId)), ...edit.add],
      };
    }
  }
}

/** The highest number of a file that an edit names, or 0. */
export function highestFileId(edit: KvEdit): number {
  return edit.kind === 'change-kv-segments' ? Math.max(0, ...edit.add.map((segment) => segment.fileId)) : 0;
}
