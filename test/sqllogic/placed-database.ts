import type { Connection, Database, Outcome } from '../../engine/sql/sqllogic/database.ts';
import type { Layout } from './layout.ts';
import type { TestDatabase } from './test-database.ts';

/** Statements after which rows may be somewhere else than the layout says. */
const CHANGES =
  /^\s*(with\b.*\b)?(insert|update|delete|merge|copy|truncate|create\s+(or\s+replace\s+)?table|commit|end)\b/is;
const BEGIN = /^\s*(begin|start\s+transaction)\b/i;
const END = /^\s*(commit|end|rollback|abort)\b/i;

/** AlopexDB, with the rows of all tables put where a layout says after each change: the same script then runs in another layout. */
export class PlacedDatabase implements TestDatabase {
  readonly #database: TestDatabase;
  readonly #layout: Layout;
  /** State of a linear congruential generator, so that a script has the same layouts each time. */
  #chance = 1;
  readonly #inTransaction = new Set<string>();

  private constructor(database: TestDatabase, layout: Layout) {
    this.#database = database;
    this.#layout = layout;
  }

  static of(database: TestDatabase, layout: Layout): TestDatabase {
    return layout === 'memory' ? database : new PlacedDatabase(database, layout);
  }

  async connection(name: string): Promise<Connection> {
    const connection = await this.#database.connection(name);
    return { run: (sql) => this.#run(connection, name, sql) };
  }

  load(path: string | undefined, readOnly: boolean): ReturnType<Database['load']> {
    this.#inTransaction.clear();
    return this.#database.load(path, readOnly);
  }

  restart(): Promise<void> {
    this.#inTransaction.clear();
    return this.#database.restart();
  }

  reconnect(): Promise<void> {
    this.#inTransaction.clear();
    return this.#database.reconnect();
  }

  interrupt(): void {
    this.#database.interrupt();
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #run(connection: Connection, name: string, sql: string): Promise<Outcome> {
    const outcome = await connection.run(sql);
    if (BEGIN.test(sql) && outcome.kind === 'rows') this.#inTransaction.add(name);
    if (END.test(sql)) this.#inTransaction.delete(name);
    if (outcome.kind === 'error' || !CHANGES.test(sql) || this.#inTransaction.size > 0) return outcome;
    const trouble = await this.#place(connection, sql.toLowerCase());
    return trouble ?? outcome;
  }

  /** Moves rows of the tables that a statement names; those of all after a commit. Gives the error of a statement that moves, if one fails. */
  async #place(connection: Connection, sql: string): Promise<Outcome | undefined> {
    if (this.#layout === 'hot') return failed(await connection.run('CHECKPOINT'));
    const tables = await connection.run('SELECT name, schema_name FROM alopex.tables ORDER BY ALL');
    if (tables.kind === 'error') return tables;
    for (const [name, schemaName] of tables.rows) {
      if (!END.test(sql) && !sql.includes((name ?? '').toLowerCase())) continue;
      const trouble = await this.#placeTable(connection, `${quoted(schemaName)}.${quoted(name)}`);
      if (trouble !== undefined) return trouble;
    }
    return undefined;
  }

  async #placeTable(connection: Connection, table: string): Promise<Outcome | undefined> {
    const move = async (condition: string, tier: 'COLD' | 'HOT'): Promise<Outcome | undefined> =>
      failed(await connection.run(`ALTER TABLE ${table} TIER PARTITION WHERE ${condition} TO ${tier}`));
    if (this.#layout === 'cold') return move('true', 'COLD');
    const columns = await connection.run(`DESCRIBE ${table}`);
    if (columns.kind === 'error') return columns;
    const column = `"${(columns.rows[0]?.[0] ?? '').replaceAll('"', '""')}"`;
    const some = `hash(${column}::VARCHAR) % 3 = ${this.#below(3)}`;
    switch (this.#below(4)) {
      case 0:
        return undefined;
      case 1:
        return failed(await connection.run('CHECKPOINT'));
      case 2:
        return move(some, 'COLD');
      default:
        return (await move(some, 'HOT')) ?? move(`hash(${column}::VARCHAR) % 5 = 0`, 'COLD');
    }
  }

  #below(bound: number): number {
    this.#chance = (Math.imul(this.#chance, 1_103_515_245) + 12_345) >>> 0;
    return (this.#chance >>> 16) % bound;
  }
}

function failed(outcome: Outcome): Outcome | undefined {
  return outcome.kind === 'error' ? { ...outcome, message: `placing rows: ${outcome.message}` } : undefined;
}

function quoted(name: string | null | undefined): string {
  return `"${(name ?? '').replaceAll('"', '""')}"`;
}
