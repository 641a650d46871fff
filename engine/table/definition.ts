import { objectKey, type ObjectName, type SearchPath } from './object-name.ts';

export type DefinitionKind = 'schema' | 'view' | 'macro' | 'table-macro' | 'type' | 'sequence';

/** What the catalog holds beside tables: a statement that defines something, and no data. */
export interface Definition {
  /** Never given out twice; `CREATE OR REPLACE` keeps it. */
  readonly definitionId: number;
  readonly kind: DefinitionKind;
  /** The schema that it is in; of a schema, its own name. */
  readonly schemaName: string;
  readonly name: string;
  /** What follows the name in the CREATE statement, as the kernel takes it; empty for a schema. */
  readonly body: string;
  readonly comment?: string;
  /** Of a view: what COMMENT ON says of its columns, by name. */
  readonly columnComments?: readonly (readonly [string, string])[];
  /** Of the sequence of an IDENTITY column: it goes when the column goes, or stops being one. */
  readonly ownedBy?: SequenceOwner;
}

export interface SequenceOwner {
  readonly tableId: number;
  readonly columnId: number;
}

/** All definitions at one commit. Immutable. */
export class Definitions {
  readonly #byKey: ReadonlyMap<string, Definition>;

  constructor(definitions: Iterable<Definition>) {
    this.#byKey = new Map([...definitions].map((definition) => [definitionKey(definition), definition]));
  }

  get all(): Definition[] {
    return [...this.#byKey.values()];
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** What a name stands for among definitions of one kind: the first along the search path. */
  find(kind: DefinitionKind, { schemaName, name }: ObjectName, path: SearchPath): Definition | undefined {
    for (const each of schemaName === undefined ? path : [schemaName]) {
      const found = this.#byKey.get(`${kind} ${objectKey(each, name)}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Whether there is a schema of this name; `main` is no definition. */
  hasSchema(name: string): boolean {
    return this.find('schema', { schemaName: name, name }, [name]) !== undefined;
  }

  /** Whether this very definition is among them. */
  has(definition: Definition): boolean {
    return this.#byKey.get(definitionKey(definition)) === definition;
  }
}

export const NO_DEFINITIONS = new Definitions([]);

/** Kinds have names of their own: a type and a view of one name go together. */
export function definitionKey({ kind, schemaName, name }: Definition): string {
  return `${kind} ${objectKey(schemaName, name)}`;
}
