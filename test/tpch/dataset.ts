import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { extensionPath } from './extension.ts';

export type SuiteName = 'tpch' | 'tpcds';

export interface GeneratedTable {
  readonly name: string;
  /** Columns as `CREATE TABLE` takes them. */
  readonly columns: readonly string[];
  readonly rowCount: number;
}

/** Tables, queries and published answers of one suite at one scale. */
export interface Dataset {
  /** Has a file `<table>.parquet` for each table, written by DuckDB with its defaults. */
  readonly folder: string;
  readonly tables: readonly GeneratedTable[];
  /** By number, with the parameters of the validation. */
  readonly queries: readonly { readonly number: number; readonly sql: string }[];
  /** Published answers at this scale: lines of values between `|`, the first with names. Empty where none are published. */
  readonly answers: readonly { readonly number: number; readonly text: string }[];
}

/** The generators, and how a suite is made in the open connection. */
const GENERATE: Readonly<Record<SuiteName, (scale: number) => string>> = {
  tpch: (scale) => `CALL dbgen(sf = ${scale})`,
  tpcds: (scale) => `CALL dsdgen(sf = ${scale})`,
};

/** Makes a suite's data below a folder, or finds it there. */
export async function prepareDataset(suite: SuiteName, scale: number, parent: string): Promise<Dataset> {
  const folder = join(parent, `${suite}-${scale}`);
  if (!(await exists(folder))) {
    await mkdir(parent, { recursive: true });
    const draft = await mkdtemp(`${folder}-`);
    try {
      await generate(suite, scale, draft);
      // Whole or not at all: a run that was stopped leaves nothing that looks finished.
      await rename(draft, folder);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      throw error;
    }
  }
  return { ...(JSON.parse(await readFile(join(folder, 'dataset.json'), 'utf8')) as Omit<Dataset, 'folder'>), folder };
}

async function generate(suite: SuiteName, scale: number, folder: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const [[version] = []] = await rows(connection, 'SELECT version()');
    await connection.run(`LOAD '${await extensionPath(suite, String(version))}'`);
    await connection.run(GENERATE[suite](scale));
    const names = await rows(connection, 'SELECT table_name, estimated_size::INTEGER FROM duckdb_tables() ORDER BY 1');
    const tables: GeneratedTable[] = [];
    for (const [name, rowCount] of names) {
      await connection.run(`COPY "${String(name)}" TO '${join(folder, `${String(name)}.parquet`)}' (FORMAT parquet)`);
      const columns = await rows(
        connection,
        `SELECT column_name || ' ' || data_type || if(is_nullable, '', ' NOT NULL') FROM duckdb_columns()
         WHERE table_name = '${String(name)}' ORDER BY column_index`,
      );
      tables.push({ name: String(name), columns: columns.map(([text]) => String(text)), rowCount: Number(rowCount) });
    }
    const queries = await rows(connection, `SELECT query_nr, query FROM ${suite}_queries() ORDER BY 1`);
    const dataset: Omit<Dataset, 'folder'> = {
      tables,
      queries: queries.map(([number, sql]) => ({ number: Number(number), sql: String(sql) })),
      answers: await answers(suite, scale, connection),
    };
    await writeFile(join(folder, 'dataset.json'), JSON.stringify(dataset));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function answers(suite: SuiteName, scale: number, connection: DuckDBConnection): Promise<Dataset['answers']> {
  // tpcds_answers() fails whatever it is asked: "Don't have TPC-DS answers for SF 10" (DuckDB 1.5.5).
  if (suite === 'tpcds') return [];
  const found = await rows(
    connection,
    `SELECT query_nr, answer FROM tpch_answers() WHERE scale_factor = ${scale} ORDER BY 1`,
  );
  return found.map(([number, text]) => ({ number: Number(number), text: String(text) }));
}

async function rows(connection: DuckDBConnection, sql: string): Promise<readonly (readonly unknown[])[]> {
  return (await connection.runAndReadAll(sql)).getRows();
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
