import { AlopexDB, type OpenOptions } from '../../../index.ts';
import type { Parameters } from '../../../engine/ports/kernel.ts';
import type { ScanReport } from '../../../engine/sql/plan/scan-report.ts';
import { arrowRows, type Row } from './cell.ts';

/** Where a table's live rows are, as `alopex.tables` says. */
export interface Placement {
  readonly rows: number;
  readonly memoryRows: number;
  readonly hotRows: number;
  readonly coldRows: number;
  readonly hotFiles: number;
  readonly coldFiles: number;
}

/** The database under test: its folder, which survives `reopen`. */
export class AlopexSide {
  readonly #folder: string;
  readonly #options: OpenOptions;
  #db: AlopexDB;

  private constructor(folder: string, options: OpenOptions, db: AlopexDB) {
    this.#folder = folder;
    this.#options = options;
    this.#db = db;
  }

  static async open(folder: string, options: OpenOptions = {}): Promise<AlopexSide> {
    const strict = { threads: 2, onWarning: failOnWarning, ...options };
    return new AlopexSide(folder, strict, await AlopexDB.open(folder, strict));
  }

  async run(sql: string, parameters?: Parameters): Promise<number | undefined> {
    const results = await this.#db.execute(sql, parameters);
    return results.at(-1)?.rowCount;
  }

  async rows(sql: string, parameters?: Parameters): Promise<Row[]> {
    return arrowRows((await this.#db.query(sql, parameters)).batches);
  }

  /** The rows of a query one by one, while they are being read. */
  async *stream(sql: string): AsyncGenerator<Row> {
    for await (const batch of this.#db.stream(sql)) yield* arrowRows([batch]);
  }

  /** The rows of a query, and what it read of each table. */
  async answer(sql: string, parameters?: Parameters): Promise<{ rows: Row[]; scans: readonly ScanReport[] }> {
    const rows: Row[] = [];
    for await (const result of this.#db.statements(sql, parameters)) {
      if (result.kind !== 'rows') continue;
      for await (const batch of result.batches) rows.push(...arrowRows([batch]));
      return { rows, scans: result.scans };
    }
    throw new Error(`not a query: ${sql}`);
  }

  async placement(table: string): Promise<Placement> {
    const [row] = await this.rows(
      `SELECT row_count, memory_rows, hot_rows, cold_rows, hot_files, cold_files FROM alopex.tables WHERE name = '${table}'`,
    );
    if (row === undefined) throw new Error(`there is no table ${table}`);
    const [rows = NaN, memoryRows = NaN, hotRows = NaN, coldRows = NaN, hotFiles = NaN, coldFiles = NaN] =
      row.map(Number);
    return { rows, memoryRows, hotRows, coldRows, hotFiles, coldFiles };
  }

  async reopen(): Promise<void> {
    await this.#db.close();
    this.#db = await AlopexDB.open(this.#folder, this.#options);
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}

function failOnWarning(warning: Error): void {
  throw new Error('the database warned of trouble', { cause: warning });
}
