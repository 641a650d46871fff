import { Locations } from './locations.ts';
import { hasNamespace, tableId } from './name-state.ts';
import type { NameDirectory } from './name-directory.ts';
import { namespaceText, tableText, type Namespace, type TableName } from './names.ts';
import type { DatabaseTable, RestCatalogOptions } from './ports.ts';
import { forbidden, noSuchNamespace, noSuchTable } from './rest-error.ts';
import { type LoadedTable, TableLog } from './table-log.ts';

/** What a name stands for. */
export type FoundTable =
  | { readonly kind: 'catalog'; readonly name: TableName; readonly id: string; readonly log: TableLog }
  | { readonly kind: 'database'; readonly name: TableName; readonly table: DatabaseTable; readonly log: TableLog };

/** Finds tables by name: those of the database, whose schemas are namespaces of one level, before those of the catalog. */
export class TableFinder {
  readonly #options: RestCatalogOptions;
  readonly #directory: NameDirectory;

  constructor(options: RestCatalogOptions, directory: NameDirectory) {
    this.#options = options;
    this.#directory = directory;
  }

  /** Where tables may be now; the database may have come to use another store. */
  get locations(): Locations {
    const { warehouse, stores = [], database } = this.#options;
    return new Locations([warehouse, ...stores, ...(database?.tables() ?? []).map(({ store }) => store)]);
  }

  isSchema(namespace: Namespace): boolean {
    const [schema, ...others] = namespace;
    return schema !== undefined && others.length === 0 && (this.#options.database?.schemas().includes(schema) ?? false);
  }

  get schemas(): readonly string[] {
    return this.#options.database?.schemas() ?? [];
  }

  databaseTables(namespace: Namespace): readonly DatabaseTable[] {
    if (!this.isSchema(namespace)) return [];
    return (this.#options.database?.tables() ?? []).filter(({ schemaName }) => schemaName === namespace[0]);
  }

  /** Throws 403 where the names are the database's. */
  refuseSchema(namespace: Namespace, what: string): void {
    if (!this.isSchema(namespace)) return;
    throw forbidden(
      `Cannot ${what}: ${namespaceText(namespace)} is a schema of the database; use SQL, or another namespace`,
    );
  }

  async find(name: TableName): Promise<FoundTable | undefined> {
    const own = this.databaseTables(name.namespace).find((table) => table.name === name.name);
    if (own !== undefined) {
      return { kind: 'database', name, table: own, log: TableLog.ofDatabase(this.#options, this.locations, own) };
    }
    const id = tableId(await this.#directory.load(), name);
    return id === undefined ? undefined : { kind: 'catalog', name, id, log: this.log(id) };
  }

  log(id: string): TableLog {
    return TableLog.ofCatalog(this.#options, this.locations, id);
  }

  /** Throws 404. */
  async get(name: TableName): Promise<FoundTable> {
    const found = await this.find(name);
    if (found === undefined) throw noSuchTable(tableText(name));
    return found;
  }

  /** Throws 404. */
  async load(name: TableName): Promise<LoadedTable> {
    const loaded = await (await this.get(name)).log.load();
    if (loaded === undefined) throw noSuchTable(tableText(name));
    return loaded;
  }

  /** Throws 404 for a namespace that does not exist, and 403 for a schema of the database. */
  async checkCanCreateIn(namespace: Namespace): Promise<void> {
    this.refuseSchema(namespace, 'create a table');
    if (!hasNamespace(await this.#directory.load(), namespace)) throw noSuchNamespace(namespaceText(namespace));
  }

  /** Where a new table goes when nobody says where: in a folder that no other table ever has. */
  newLocation({ namespace, name }: TableName): string {
    const { warehouse, random } = this.#options;
    return `${warehouse.uri}/${namespace.map(safeName).join('/')}/${safeName(name)}-${random.uuid()}`;
  }
}

/** Folder names are for people too. */
function safeName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_');
}
