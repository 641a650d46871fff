import { type CommitRequest, type NamedCommit } from './commit-request.ts';
import { Commits } from './commits.ts';
import type { Fields } from './model/fields.ts';
import type { IcebergMetadata } from './model/metadata.ts';
import { newTable } from './model/new-table.ts';
import {
  childNamespaces,
  hasNamespace,
  propertiesOf,
  tablesIn,
  withNamespace,
  withoutNamespace,
  withoutTable,
  withProperties,
  withRenamed,
} from './name-state.ts';
import { NameDirectory } from './name-directory.ts';
import { namespaceKey, namespaceText, tableText, type Namespace, type TableName } from './names.ts';
import type { RestCatalogOptions } from './ports.ts';
import { checkPurge, deleteFiles, filesOfTable } from './purge.ts';
import { alreadyExists, forbidden, noSuchNamespace, noSuchTable, unprocessable } from './rest-error.ts';
import { type FoundTable, TableFinder } from './table-finder.ts';
import type { LoadedTable } from './table-log.ts';

/** A new table, or what it would be. */
export type CreatedTable =
  | { readonly kind: 'created'; readonly table: LoadedTable }
  | { readonly kind: 'staged'; readonly metadata: IcebergMetadata };

type Properties = Readonly<Record<string, string>>;

/**
 * An Iceberg catalog in an object store, with the operations of the REST protocol: tables of its own, and the cold parts of the tables
 * of a database. Any number of processes may have one open over the same store. Failures are `RestError`s, or errors of the store.
 */
export class RestCatalog {
  readonly #options: RestCatalogOptions;
  readonly #directory: NameDirectory;
  readonly #finder: TableFinder;
  readonly #commits: Commits;

  constructor(options: RestCatalogOptions) {
    this.#options = options;
    this.#directory = new NameDirectory(options);
    this.#finder = new TableFinder(options, this.#directory);
    this.#commits = new Commits(options, this.#directory, this.#finder);
  }

  /** Address of the place where new tables go. */
  get warehouse(): string {
    return this.#options.warehouse.uri;
  }

  /** Namespaces one level below `parent`, or at the top. */
  async listNamespaces(parent: Namespace | undefined): Promise<Namespace[]> {
    const state = await this.#directory.load();
    if (parent !== undefined) await this.loadNamespace(parent);
    const own = parent === undefined ? this.#finder.schemas.map((name): Namespace => [name]) : [];
    const all = [...own, ...childNamespaces(state, parent)];
    return [...new Map(all.map((namespace) => [namespaceKey(namespace), namespace])).values()];
  }

  async createNamespace(namespace: Namespace, properties: Properties): Promise<Properties> {
    if (this.#finder.isSchema(namespace)) {
      throw alreadyExists(`Namespace already exists: ${namespaceText(namespace)}`);
    }
    await this.#directory.change((state) => withNamespace(state, namespace, properties));
    return properties;
  }

  /** Its properties. */
  async loadNamespace(namespace: Namespace): Promise<Properties> {
    const state = await this.#directory.load();
    if (this.#finder.isSchema(namespace) && !hasNamespace(state, namespace)) return {};
    return propertiesOf(state, namespace);
  }

  async dropNamespace(namespace: Namespace): Promise<void> {
    this.#finder.refuseSchema(namespace, 'drop a namespace');
    await this.#directory.change((state) => withoutNamespace(state, namespace));
  }

  /** Throws 422 when a property is to be both set and removed. */
  async updateProperties(
    namespace: Namespace,
    updates: Properties,
    removals: readonly string[],
  ): Promise<{ updated: string[]; removed: string[]; missing: string[] }> {
    this.#finder.refuseSchema(namespace, 'change properties');
    const both = removals.filter((name) => Object.hasOwn(updates, name));
    if (both.length > 0)
      throw unprocessable(`Invalid namespace update, cannot simultaneously set and remove keys: ${both.join(', ')}`);
    let former: Properties = {};
    await this.#directory.change((state) => {
      former = propertiesOf(state, namespace);
      return withProperties(state, namespace, updates, removals);
    });
    const names = [...new Set(removals)];
    return {
      updated: Object.keys(updates),
      removed: names.filter((name) => Object.hasOwn(former, name)),
      missing: names.filter((name) => !Object.hasOwn(former, name)),
    };
  }

  async listTables(namespace: Namespace): Promise<TableName[]> {
    const state = await this.#directory.load();
    const isSchema = this.#finder.isSchema(namespace);
    if (!isSchema && !hasNamespace(state, namespace)) throw noSuchNamespace(namespaceText(namespace));
    const own = this.#finder.databaseTables(namespace).map(({ name }) => name);
    const names = new Set([...own, ...tablesIn(state, namespace).map(({ name }) => name)]);
    return Array.from(names, (name) => ({ namespace, name }));
  }

  async loadTable(name: TableName): Promise<LoadedTable> {
    return await this.#finder.load(name);
  }

  /** Whether a table is there, whatever state its metadata is in. */
  async tableExists(name: TableName): Promise<boolean> {
    return (await this.#existing(name)) !== undefined;
  }

  /** Takes away a name that a crash has left behind its table. */
  async #existing(name: TableName): Promise<FoundTable | undefined> {
    const found = await this.#finder.find(name);
    if (found?.kind !== 'catalog' || !(await found.log.isDropped())) return found;
    await this.#directory.change((state) => withoutTable(state, name, found.id));
    return undefined;
  }

  /** Creates a table, or only tells what it would be (`isStaged`), for a commit that creates it. Throws 409 when the name is taken. */
  async createTable(name: TableName, request: Fields, isStaged: boolean): Promise<CreatedTable> {
    await this.#finder.checkCanCreateIn(name.namespace);
    if (await this.tableExists(name)) throw alreadyExists(`Table already exists: ${tableText(name)}`);
    const location = request.has('location')
      ? request.string('location').replace(/\/+$/, '')
      : this.#finder.newLocation(name);
    this.#finder.locations.check(location);
    const { random, clock } = this.#options;
    const metadata = newTable(request, { uuid: random.uuid(), location, nowMs: clock.nowMs() });
    if (isStaged) return { kind: 'staged', metadata };
    return { kind: 'created', table: await this.#commits.createTable(name, metadata) };
  }

  /** Makes a table of a metadata file that is there. With `isOverwrite`, an existing table gets that metadata. */
  async registerTable(name: TableName, address: string, isOverwrite: boolean): Promise<LoadedTable> {
    await this.#finder.checkCanCreateIn(name.namespace);
    this.#finder.locations.at(address);
    const found = await this.#existing(name);
    if (found === undefined) return await this.#commits.registerTable(name, address);
    if (!isOverwrite) throw alreadyExists(`Table already exists: ${tableText(name)}`);
    return await this.#commits.replaceTable(found, address);
  }

  /** Takes a table out of the catalog; with `isPurge`, its files are deleted after that. */
  async dropTable(name: TableName, isPurge: boolean): Promise<void> {
    const found = await this.#finder.get(name);
    if (found.kind === 'database')
      throw forbidden(`Cannot drop ${tableText(name)}: it belongs to the database; use DROP TABLE`);
    const { locations } = this.#finder;
    let files: readonly string[] = [];
    if (isPurge) {
      const table = await found.log.load();
      if (table !== undefined) checkPurge(table);
      files = table === undefined ? [] : await filesOfTable(table, locations);
    }
    // The pointer first: once it is gone no commit can succeed. A crash before the name goes leaves a name that stands for nothing.
    await this.#commits.drop(found);
    await this.#directory.change((state) => withoutTable(state, name, found.id));
    await deleteFiles(files, locations);
  }

  async renameTable(source: TableName, destination: TableName): Promise<void> {
    const found = await this.#finder.find(source);
    if (found === undefined) throw noSuchTable(tableText(source));
    if (found.kind === 'database')
      throw forbidden(`Cannot rename ${tableText(source)}: it belongs to the database; use ALTER TABLE`);
    this.#finder.refuseSchema(destination.namespace, 'move a table');
    await this.#directory.change((state) => withRenamed(state, source, destination));
  }

  async commitTable(name: TableName, request: CommitRequest): Promise<LoadedTable> {
    return await this.#commits.commit(name, request);
  }

  async commitTransaction(commits: readonly NamedCommit[]): Promise<void> {
    await this.#commits.transaction(commits);
  }
}
