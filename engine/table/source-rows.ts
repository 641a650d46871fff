import type { EngineContext } from '../context.ts';
import type { MoveOutput } from '../lsm/state.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { orderBySql } from './file-order.ts';
import type { DataFile } from './data-file.ts';
import { quoteIdentifier, quoteLiteral } from './data-type.ts';
import { filesScanSql } from './scan.ts';
import type { TableVersion } from './version.ts';

/** Rows that are equal in the sort order keep the order of their files. */
export const SOURCE_ORDER = '__file, __pos';

/** The live rows of some files of a version, on their way into other files. A condition sees the table under its name. */
export class SourceRows {
  readonly #context: EngineContext;
  readonly #connection: KernelConnection;
  readonly #version: TableVersion;
  readonly #sources: readonly DataFile[];

  constructor(
    context: EngineContext,
    connection: KernelConnection,
    version: TableVersion,
    sources: readonly DataFile[],
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#version = version;
    this.#sources = sources;
  }

  /** The rows for which `condition` is true, as a relation with `__file` and `__pos`. */
  relation(condition: string): string {
    const scan = filesScanSql(this.#version, this.#sources, true);
    return `(SELECT * FROM (${scan}) AS ${quoteIdentifier(this.#version.name)} WHERE ${condition})`;
  }

  /** The same in the table's sort order, which is a total one. */
  ordered(condition: string): string {
    const { schema, options } = this.#version;
    return `SELECT * FROM ${this.relation(condition)}${orderBySql(schema.columns, options.sortBy, SOURCE_ORDER)}`;
  }

  async count(condition: string): Promise<number> {
    const [counted] = await this.#connection.rows(`SELECT count(*) AS n FROM ${this.relation(condition)}`);
    return Number(counted?.['n'] ?? 0);
  }

  /** Writes to `path` which source row each row of the file `name` was: the query that made the file, in the same total order. */
  async writeRowMap(name: string, condition: string, path: string): Promise<MoveOutput> {
    const ids = this.#sources.map((file) => file.fileId).join(', ');
    await this.#connection.run(
      `COPY (SELECT CAST(list_position([${ids}], __file) - 1 AS INTEGER) AS src, __pos AS pos FROM (${this.ordered(condition)})) TO ${quoteLiteral(path)} (FORMAT parquet, COMPRESSION lz4_raw)`,
    );
    await this.#context.fileSystem.syncFile(path);
    return { name, rowMap: path.slice(this.#context.dataDir.length + 1) };
  }
}
