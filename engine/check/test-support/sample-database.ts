import { copyFile, cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { NodeFileSystem } from '../../../connectors/node/node-file-system.ts';
import { SystemClock } from '../../../connectors/node/system-clock.ts';
import { SystemRandom } from '../../../connectors/node/system-random.ts';
import { ColdStorages } from '../../../connectors/store/cold-storage.ts';
import { AlopexDB } from '../../../index.ts';
import type { CheckPorts } from '../check.ts';
import { checkDatabase } from '../check.ts';
import type { Finding } from '../finding.ts';

/** All that a database holds, as `table or keyspace/key` → value. */
export type Contents = ReadonlyMap<string, string>;

/** A database with a file of every kind, which is made once and restored for each case. */
export class SampleDatabase {
  readonly folder: string;
  readonly contents: Contents;

  private constructor(folder: string, contents: Contents) {
    this.folder = folder;
    this.contents = contents;
  }

  static async make(): Promise<SampleDatabase> {
    const folder = await mkdtemp(join(tmpdir(), 'alopex-check-'));
    const dataDir = join(folder, 'data');
    const db = await AlopexDB.open(dataDir);
    await db.execute(`CREATE TABLE t (id INTEGER PRIMARY KEY, s VARCHAR) WITH (partition_by = 'truncate(50, id)')`);
    await db.execute(`INSERT INTO t SELECT range, 'old' || range FROM range(100)`);
    await db.execute('CHECKPOINT');
    await db.execute('ALTER TABLE t TIER PARTITION WHERE id < 50 TO COLD');
    await db.execute(`UPDATE t SET s = 'new' WHERE id IN (7, 90)`);
    await db.execute('CREATE TABLE u (id INTEGER, s VARCHAR)');
    await db.execute('CREATE SCHEMA s; CREATE VIEW s.v AS FROM main.t; CREATE SEQUENCE s.q');
    for (const from of [0, 100]) {
      await db.execute(`INSERT INTO u SELECT range, 'u' || range FROM range(${from}, ${from + 100})`);
      await putAll(db, from * 10, 1000);
      await db.execute('CHECKPOINT');
    }
    await db.kv.settled();
    // What is in the log alone: twelve commits to a table and keys.
    for (let at = 0; at < 6; at++) {
      await db.execute(`INSERT INTO u VALUES (${300 + at}, 'logged')`);
      await db.kv.keyspace('logged').put(`l${at}`, `value ${at}`);
    }
    const contents = await contentsOf(db);
    await db.close();
    await cp(dataDir, join(folder, 'pristine'), { recursive: true });
    return new SampleDatabase(folder, contents);
  }

  /** The data directory as it was made: always the same one, for cold tables hold full addresses. */
  async restore(): Promise<string> {
    const dataDir = join(this.folder, 'data');
    await rm(dataDir, { recursive: true });
    await cp(join(this.folder, 'pristine'), dataDir, { recursive: true });
    return dataDir;
  }

  /** Undoes the damage of one file. */
  async restoreFile(file: string): Promise<void> {
    await copyFile(join(this.folder, 'pristine', file), join(this.folder, 'data', file));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function putAll(db: AlopexDB, from: number, count: number): Promise<void> {
  const operations = Array.from({ length: count }, (_, at) => {
    const number = String(from + at).padStart(5, '0');
    return { type: 'put' as const, key: `key-${number}`, value: `value-${number}-${(from + at) * 7919}` };
  });
  await db.kv.batch(operations);
}

export async function contentsOf(db: AlopexDB): Promise<Contents> {
  const contents = new Map<string, string>();
  for (const table of ['t', 'u']) {
    for (const row of (await db.query(`SELECT id, s FROM ${table}`)).toArray() as { id: number; s: string }[]) {
      const key = `${table}/${row.id}`;
      if (contents.has(key)) throw new Error(`${key} is there twice`);
      contents.set(key, row.s);
    }
  }
  for (const name of db.kv.keyspaces()) {
    const scan = db.kv.keyspace(name, { keyEncoding: 'text', valueEncoding: 'text' }).scan();
    for await (const [key, value] of scan) contents.set(`${name}/${key}`, value);
  }
  return contents;
}

/** Opens a directory, reads all, and closes it. */
export async function readContents(dataDir: string): Promise<Contents> {
  const db = await AlopexDB.open(dataDir, { onWarning: () => undefined });
  try {
    return await contentsOf(db);
  } finally {
    await db.close();
  }
}

export function portsOf(dataDir: string): CheckPorts {
  const ports = { clock: new SystemClock(), random: new SystemRandom() };
  return { fileSystem: new NodeFileSystem(), storage: new ColdStorages(join(dataDir, 'warehouse'), ports) };
}

export async function findingsOf(dataDir: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  await checkDatabase(portsOf(dataDir), dataDir, { onFinding: (finding) => findings.push(finding) });
  return findings;
}

/** Paths of all files below a folder, relative to it, sorted. */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** The one file whose path matches, or the first of them. */
export async function fileLike(dataDir: string, pattern: RegExp): Promise<string> {
  const found = (await filesOf(dataDir)).find((file) => pattern.test(file));
  if (found === undefined) throw new Error(`there is no file like ${pattern.source}`);
  return found;
}

export type Damage = 'flip' | 'cut' | 'remove';

/** Damages a file. `at` is a part of its length, from 0 up to 1. */
export async function damageFile(path: string, damage: Damage, at: number): Promise<void> {
  if (damage === 'remove') {
    await rm(path);
    return;
  }
  const bytes = await readFile(path);
  const offset = Math.floor(bytes.length * at);
  if (damage === 'cut') {
    await truncate(path, offset);
    return;
  }
  bytes[offset] = (bytes[offset] as number) ^ 0x10;
  await writeFile(path, bytes);
}
