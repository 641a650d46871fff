import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KvMetrics } from '../../engine/kv/store/metrics.ts';
import { type Format, printerOf } from '../text/formats/format.ts';
import { Output, terminalWidth, writeText } from '../text/output.ts';
import { plainRows, type PlainColumns, type PlainRow } from '../text/plain-rows.ts';
import type { CliContext, Command } from './command.ts';
import type { CliDatabase } from './database.ts';
import { dataDirOf, formatOf, lastOf, optionsHelp, parseOptions } from './options.ts';
import { withDatabase } from './with-database.ts';

const OPTIONS = {
  'data-dir': { value: 'DIR', help: 'directory of the database (default ./alopex-data)' },
  output: { value: 'FORMAT', help: 'table, json, jsonl, csv, tsv or markdown (default table)' },
  help: { short: 'h', help: 'this text' },
} as const;

const HELP = `Usage: alopex stats [OPTION]...

Shows what a database holds, as three results: its tables (rows, files and bytes in memory, in the hot and in the cold tier), the levels
of its keys and values, and the folders of the data directory.

${optionsHelp(OPTIONS)}
Exit status: 0 ok, 1 an error, 2 bad usage.
`;

const TABLES_SQL = `SELECT name AS table_name, row_count, memory_rows, hot_rows, hot_files, hot_bytes, cold_rows, cold_files, cold_bytes
  FROM alopex.tables ORDER BY name`;

export const statsCommand: Command = {
  name: 'stats',
  summary: 'show what a database holds',
  help: HELP,
  async run(args, context) {
    const given = parseOptions('stats', args, OPTIONS);
    if (lastOf(given, 'help') !== undefined) {
      await writeText(context.stdout, HELP);
      return 0;
    }
    const format = formatOf(lastOf(given, 'output') ?? 'table', 'stats');
    const dataDir = dataDirOf(lastOf(given, 'data-dir'), 'stats');
    const db = await context.openDatabase(dataDir, {});
    return withDatabase(context, db, () => printStats(db, dataDir, format, context));
  },
};

async function printStats(db: CliDatabase, dataDir: string, format: Format, { stdout }: CliContext): Promise<void> {
  const output = new Output(stdout);
  const print = printerOf(format, { maxWidth: terminalWidth(stdout), maxRows: undefined, types: false });
  for await (const result of db.statements(TABLES_SQL)) if (result.kind === 'rows') await print(result, output);
  await print(plainRows(LEVEL_COLUMNS, only(levelRows(db.kv.metrics()))), output);
  await print(plainRows(FOLDER_COLUMNS, only(await folderRows(dataDir))), output);
}

const LEVEL_COLUMNS: PlainColumns = { key_value_level: 'text', segment_count: 'integer', size_bytes: 'integer' };

function levelRows({ memtableBytes, levels }: KvMetrics): PlainRow[] {
  return [
    { key_value_level: 'memory', segment_count: 0, size_bytes: memtableBytes },
    ...levels.map(({ segmentCount, sizeBytes }, level) => ({
      key_value_level: String(level),
      segment_count: segmentCount,
      size_bytes: sizeBytes,
    })),
  ];
}

const FOLDERS = ['manifest', 'log', 'segments', 'deletes', 'kv', 'warehouse', 'cache', 'tmp'];
const FOLDER_COLUMNS: PlainColumns = { folder: 'text', file_count: 'integer', size_bytes: 'integer' };

/** Known folders, and what repairs have kept. */
async function folderRows(dataDir: string): Promise<PlainRow[]> {
  const kept = (await readdir(dataDir)).filter((name) => name.startsWith('lost-')).sort();
  const rows: PlainRow[] = [];
  for (const folder of [...FOLDERS, ...kept]) {
    const { fileCount, sizeBytes } = await measure(join(dataDir, folder));
    rows.push({ folder, file_count: fileCount, size_bytes: sizeBytes });
  }
  return rows;
}

async function measure(folder: string): Promise<{ fileCount: number; sizeBytes: number }> {
  let fileCount = 0;
  let sizeBytes = 0;
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const inner = await measure(path);
      fileCount += inner.fileCount;
      sizeBytes += inner.sizeBytes;
    } else {
      fileCount++;
      sizeBytes += await sizeOf(path);
    }
  }
  return { fileCount, sizeBytes };
}

async function entriesOf(folder: string): Promise<{ name: string; isDirectory(): boolean }[]> {
  return absentIs([], () => readdir(folder, { withFileTypes: true }));
}

/** A file may go while the database is open: compaction replaces files. */
async function sizeOf(path: string): Promise<number> {
  return absentIs(0, async () => (await stat(path)).size);
}

async function absentIs<T>(value: T, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return value;
    throw error;
  }
}

async function* only(rows: PlainRow[]): AsyncGenerator<PlainRow[]> {
  yield rows;
}
