import type { DefinitionKind } from '../../table/definition.ts';
import type { ObjectName } from '../../table/object-name.ts';

/** Statements about what the catalog holds beside tables, and about comments. */
export type DefinitionStatement =
  | { readonly kind: 'create-schema'; readonly name: string; readonly ifNotExists: boolean }
  | {
      readonly kind: 'drop-schema';
      readonly names: readonly string[];
      readonly ifExists: boolean;
      readonly cascade: boolean;
    }
  | CreateDefinition
  | DropDefinition
  | AlterView
  | { readonly kind: 'comment'; readonly target: CommentTarget; readonly text: string | undefined };

export interface CreateDefinition {
  readonly kind: 'create-definition';
  readonly of: Exclude<DefinitionKind, 'schema'>;
  readonly name: ObjectName;
  /** What follows the name, as typed. */
  readonly body: string;
  readonly orReplace: boolean;
  readonly ifNotExists: boolean;
}

export interface DropDefinition {
  readonly kind: 'drop-definition';
  /** Any of these kinds is meant; the first names them in messages. */
  readonly of: readonly [DefinitionKind, ...DefinitionKind[]];
  readonly names: readonly ObjectName[];
  readonly ifExists: boolean;
}

export interface AlterView {
  readonly kind: 'alter-view';
  readonly name: ObjectName;
  readonly ifExists: boolean;
  /** The new name or schema. */
  readonly change: { readonly name?: string; readonly schemaName?: string };
}

export type CommentTarget =
  | { readonly kind: 'relation'; readonly of: 'table' | 'view'; readonly name: ObjectName }
  | { readonly kind: 'column'; readonly relation: ObjectName; readonly column: string }
  | { readonly kind: 'schema'; readonly name: string }
  | {
      readonly kind: 'definition';
      readonly of: readonly [DefinitionKind, ...DefinitionKind[]];
      readonly name: ObjectName;
    };
