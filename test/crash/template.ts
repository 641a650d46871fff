import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlopexDB, type OpenOptions } from '../../index.ts';
import { apply, CREATE_TABLE, toSql, type Model, type Operation } from './operation.ts';

/** A database that every run starts from. */
export interface Template {
  /** To be removed at the end, with all below it. */
  readonly base: string;
  /** Where every run works: addresses in Iceberg tables are absolute. */
  readonly folder: string;
  /** A copy of the folder as it was at first. */
  readonly template: string;
  readonly initial: Model;
}

export async function makeTemplate(
  limits: NonNullable<OpenOptions['limits']>,
  setup: readonly Operation[],
): Promise<Template> {
  const base = await mkdtemp(join(tmpdir(), 'alopex-crash-'));
  const folder = join(base, 'data');
  const template = join(base, 'template');
  const db = await AlopexDB.open(folder, { limits });
  await db.execute(CREATE_TABLE);
  let initial: Model = new Map();
  for (const operation of setup) {
    await db.execute(toSql(operation));
    initial = apply(initial, operation);
  }
  await db.close();
  await cp(folder, template, { recursive: true });
  return { base, folder, template, initial };
}
