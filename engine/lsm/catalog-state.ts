import type { Definition, SequenceOwner } from '../table/definition.ts';

/** What the manifest says of schemas, views, macros, types and sequences. */
export interface CatalogState {
  readonly nextDefinitionId: number;
  readonly definitions: ReadonlyMap<number, Definition>;
  /** By id of a sequence: it may have handed out every value up to this one. Absent for one that was never used. */
  readonly reserved: ReadonlyMap<number, bigint>;
}

/** As JSON in a snapshot edit; a manifest without it has none. */
export interface CatalogSnapshot {
  readonly nextDefinitionId: number;
  readonly definitions: readonly Definition[];
  readonly reserved: readonly (readonly [number, bigint])[];
}

export type CatalogEdit =
  /** Adds a definition, or changes the one of the same id: its name, body or comment. With `restarts`, a sequence forgets what it has handed out. */
  | {
      readonly kind: 'put-definition';
      readonly seq: number;
      readonly definition: Definition;
      readonly restarts?: boolean;
    }
  /** All of these go at once. */
  | {
      readonly kind: 'drop-definitions';
      readonly seq: number;
      readonly definitionIds: readonly number[];
      /** Tables of the schemas among them. */
      readonly tableIds: readonly number[];
    }
  /** Belongs to no commit: it may come at any time, also after the sequence was dropped. */
  | { readonly kind: 'reserve-sequence'; readonly definitionId: number; readonly reserved: bigint };

export const EMPTY_CATALOG_STATE: CatalogState = { nextDefinitionId: 1, definitions: new Map(), reserved: new Map() };

export function applyCatalogEdit(state: CatalogState, edit: CatalogEdit): CatalogState {
  switch (edit.kind) {
    case 'put-definition': {
      const { definition } = edit;
      const reserved = new Map(state.reserved);
      if (edit.restarts === true) reserved.delete(definition.definitionId);
      return {
        nextDefinitionId: Math.max(state.nextDefinitionId, definition.definitionId + 1),
        definitions: new Map(state.definitions).set(definition.definitionId, definition),
        reserved,
      };
    }
    case 'drop-definitions': {
      const definitions = new Map(state.definitions);
      const reserved = new Map(state.reserved);
      for (const id of edit.definitionIds) {
        if (!definitions.delete(id)) throw new Error(`an edit names definition ${id}, which does not exist`);
        reserved.delete(id);
      }
      return { ...state, definitions, reserved };
    }
    case 'reserve-sequence':
      if (!state.definitions.has(edit.definitionId)) return state;
      return { ...state, reserved: new Map(state.reserved).set(edit.definitionId, edit.reserved) };
  }
}

/** With the sequences that an edit of a table brings, and without those whose owner is gone. */
export function withOwnedSequences(
  state: CatalogState,
  added: readonly Definition[],
  isThere: (owner: SequenceOwner, definitionId: number) => boolean,
): CatalogState {
  const put = added.reduce(
    (next, definition) => applyCatalogEdit(next, { kind: 'put-definition', seq: 0, definition }),
    state,
  );
  const orphans = [...put.definitions.values()].filter(
    ({ ownedBy, definitionId }) => ownedBy !== undefined && !isThere(ownedBy, definitionId),
  );
  if (orphans.length === 0) return put;
  const definitionIds = orphans.map(({ definitionId }) => definitionId);
  return applyCatalogEdit(put, { kind: 'drop-definitions', seq: 0, definitionIds, tableIds: [] });
}

/** `undefined` when nothing was ever defined, so that the manifest of an empty database is what it always was. */
export function catalogSnapshot(state: CatalogState): CatalogSnapshot | undefined {
  const { nextDefinitionId, definitions, reserved } = state;
  if (nextDefinitionId === 1) return undefined;
  return { nextDefinitionId, definitions: [...definitions.values()], reserved: [...reserved] };
}

export function catalogFromSnapshot(snapshot: CatalogSnapshot | undefined): CatalogState {
  if (snapshot === undefined) return EMPTY_CATALOG_STATE;
  const { nextDefinitionId, definitions, reserved } = snapshot;
  return {
    nextDefinitionId,
    definitions: new Map(definitions.map((definition) => [definition.definitionId, definition])),
    reserved: new Map(reserved),
  };
}
