import { AlopexError } from '../../errors.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import { quoteIdentifier, quoteLiteral } from '../../table/data-type.ts';
import {
  definitionKey,
  NO_DEFINITIONS,
  type Definition,
  type DefinitionKind,
  type Definitions,
} from '../../table/definition.ts';
import { displayName, MAIN_SCHEMA, qualifiedSql, type SearchPath } from '../../table/object-name.ts';

/** Words of the kernel for each kind that it is given. */
const WORDS: Readonly<Record<Exclude<DefinitionKind, 'sequence'>, string>> = {
  schema: 'SCHEMA',
  view: 'VIEW',
  macro: 'MACRO',
  'table-macro': 'MACRO',
  type: 'TYPE',
};

/**
 * The definitions of a version in one database of the kernel: made when a statement needs them, dropped when a later version does not have them any more. What does not bind, as
 * a table below it is gone, is left out; `explain` says so when a statement fails for want of it.
 */
export class KernelCatalog {
  readonly #connection: KernelConnection;
  /** The kernel's database, quoted. */
  readonly #database: string;
  /** In the order in which they were made. */
  readonly #made = new Set<Definition>();
  /** Why those that a statement needed could not be made. */
  readonly #failed = new Map<Definition, AlopexError>();
  #following: Definitions = NO_DEFINITIONS;
  #path = '';

  constructor(connection: KernelConnection, database: string) {
    this.#connection = connection;
    this.#database = quoteIdentifier(database);
  }

  /** Drops what is not in these definitions, and makes their schemas. */
  async follow(definitions: Definitions): Promise<void> {
    if (definitions === this.#following) return;
    for (const definition of [...this.#made].toReversed()) {
      if (definitions.has(definition)) continue;
      // A comment makes another definition of a schema, and what is in it stays.
      if (definition.kind === 'schema' && isKept(definition, definitions)) this.#made.delete(definition);
      else await this.#drop(definition);
    }
    for (const definition of definitions.all) {
      if (definition.kind !== 'schema' || this.#made.has(definition)) continue;
      await this.#connection.run(
        `CREATE SCHEMA IF NOT EXISTS ${this.#database}.${quoteIdentifier(definition.schemaName)}`,
      );
      this.#made.add(definition);
    }
    this.#failed.clear();
    this.#following = definitions;
  }

  /** Makes definitions, each after those that it needs. `bodyOf` gives the text of a body for the kernel. */
  async make(needed: readonly Definition[], bodyOf: (definition: Definition) => string): Promise<void> {
    for (const definition of needed) {
      if (this.#made.has(definition) || definition.kind === 'sequence') continue;
      this.#failed.delete(definition);
      try {
        await this.check(definition, bodyOf(definition));
      } catch (error) {
        if (!(error instanceof AlopexError)) throw error;
        this.#failed.set(definition, error);
        continue;
      }
      await this.#comment(definition);
      this.#made.add(definition);
    }
  }

  /** Makes one definition in place of what has its name; throws when it does not bind. Its names are looked for in its own schema, then in `main`. */
  async check(definition: Definition, body: string): Promise<void> {
    const { kind, schemaName } = definition;
    if (kind === 'sequence') return;
    const key = definitionKey(definition);
    // One that is about to be replaced must not bind to itself.
    for (const made of this.#made) if (definitionKey(made) === key) await this.#drop(made);
    await this.#use([schemaName, MAIN_SCHEMA]);
    const replace = kind === 'schema' ? '' : 'OR REPLACE ';
    await this.#connection.run(`CREATE ${replace}${WORDS[kind]} ${this.#nameOf(definition)} ${body}`);
  }

  /** Takes back what `check` made and no version has. */
  async discard(definition: Definition): Promise<void> {
    await this.#drop(definition);
  }

  /** Makes the kernel look for plain names in these schemas; those that do not exist are passed over. */
  async use(path: SearchPath): Promise<void> {
    await this.#use(path.filter((name) => name.toLowerCase() === MAIN_SCHEMA || this.#following.hasSchema(name)));
  }

  /** The error of a statement, or the reason of it when a definition could not be made. */
  explain(error: unknown): unknown {
    if (!(error instanceof AlopexError)) return error;
    for (const [definition, cause] of this.#failed) {
      if (!isAbout(error.message, definition.name)) continue;
      const what = `${definition.kind.replace('-', ' ')} "${displayName(definition)}"`;
      return new AlopexError(cause.code, `${what} cannot be used: ${cause.message}`, {
        hint: 'What it refers to was changed or dropped: define it anew, or drop it.',
        cause,
      });
    }
    return error;
  }

  async #use(schemas: readonly string[]): Promise<void> {
    const names = [...new Set(schemas)].map((name) => `${this.#database}.${quoteIdentifier(name)}`);
    const path = names.join(',');
    if (path === this.#path) return;
    await this.#connection.run(`SET search_path = ${quoteLiteral(path)}`);
    this.#path = path;
  }

  async #comment(definition: Definition): Promise<void> {
    for (const [column, text] of definition.columnComments ?? []) {
      const name = `${this.#nameOf(definition)}.${quoteIdentifier(column)}`;
      try {
        await this.#connection.run(`COMMENT ON COLUMN ${name} IS ${quoteLiteral(text)}`);
      } catch (error) {
        // The view has lost the column with the table below it.
        if (!(error instanceof AlopexError)) throw error;
      }
    }
    if (definition.comment === undefined || definition.kind === 'schema' || definition.kind === 'sequence') return;
    const word = definition.kind === 'table-macro' ? 'MACRO TABLE' : WORDS[definition.kind];
    await this.#connection.run(`COMMENT ON ${word} ${this.#nameOf(definition)} IS ${quoteLiteral(definition.comment)}`);
  }

  async #drop(definition: Definition): Promise<void> {
    const { kind } = definition;
    this.#made.delete(definition);
    if (kind === 'sequence') return;
    if (kind === 'schema') this.#path = '';
    const word = kind === 'table-macro' ? 'MACRO TABLE' : WORDS[kind];
    const cascade = kind === 'schema' ? ' CASCADE' : '';
    // The schema of the current path cannot go.
    if (kind === 'schema') await this.#use([MAIN_SCHEMA]);
    await this.#connection.run(`DROP ${word} IF EXISTS ${this.#nameOf(definition)}${cascade}`);
  }

  #nameOf({ kind, schemaName, name }: Definition): string {
    return `${this.#database}.${kind === 'schema' ? quoteIdentifier(schemaName) : qualifiedSql(schemaName, name)}`;
  }
}

function isKept({ kind, schemaName, name, definitionId }: Definition, definitions: Definitions): boolean {
  return definitions.find(kind, { schemaName, name }, [schemaName])?.definitionId === definitionId;
}

/** Whether the kernel's message is about the want of something of this name. */
function isAbout(message: string, name: string): boolean {
  const found = /with name "?(.+?)"? does not exist/i.exec(message)?.[1];
  return found !== undefined && found.toLowerCase().split('.').at(-1) === name.toLowerCase();
}
