import type { AlopexDB } from '../../index.ts';

/** What the worker says, one line of JSON each. Number -1 is opening. */
export type Line =
  | { readonly line: 'try'; readonly number: number }
  | { readonly line: 'done'; readonly number: number }
  | { readonly line: 'refused'; readonly number: number; readonly code: string; readonly message: string };

export const COMMITS = 60;
const SPACE = 'faults';
const VALUE = 'v'.repeat(120);

export function keyOf(number: number): string {
  return `key ${String(number).padStart(3, '0')}`;
}

/** Most commits are of a key; some of a row; some of both, which must never be there one without the other. */
function kindOf(number: number): 'key' | 'row' | 'both' | 'checkpoint' {
  if (number === 31) return 'checkpoint';
  if (number % 10 === 4) return 'row';
  return number % 10 === 7 ? 'both' : 'key';
}

export async function perform(db: AlopexDB, number: number): Promise<void> {
  const insert = `INSERT INTO t VALUES (${number}, '${VALUE}')`;
  switch (kindOf(number)) {
    case 'key':
      await db.kv.keyspace(SPACE).put(keyOf(number), VALUE);
      return;
    case 'row':
      await db.execute(insert);
      return;
    case 'both':
      await db.transaction(async (tx) => {
        await tx.kv.keyspace(SPACE).put(keyOf(number), VALUE);
        await tx.execute(insert);
      });
      return;
    case 'checkpoint':
      await db.execute('CHECKPOINT');
  }
}

/** Problems with what a database holds after commits of which some were acknowledged, some were refused and may have happened. */
export async function problemsOf(
  db: AlopexDB,
  acknowledged: ReadonlySet<number>,
  possible: ReadonlySet<number>,
): Promise<string[]> {
  const problems: string[] = [];
  const keys = new Set<string>();
  for await (const [key, value] of db.kv.keyspace(SPACE, { keyEncoding: 'text', valueEncoding: 'text' }).scan()) {
    keys.add(key);
    if (value !== VALUE) problems.push(`${key} has another value`);
  }
  const hasTable = (await db.query(`SELECT name FROM alopex.tables WHERE name = 't'`)).numRows === 1;
  const rows = new Set<number>();
  if (hasTable) {
    for (const row of await db.query('SELECT id::INTEGER AS id FROM t')) {
      const { id } = row.toJSON() as { id: number };
      if (rows.has(id)) problems.push(`row ${id} is there twice`);
      rows.add(id);
    }
  }
  for (let number = 0; number < COMMITS; number++) {
    const kind = kindOf(number);
    if (kind === 'checkpoint') continue;
    const parts = [...(kind === 'row' ? [] : [keys.has(keyOf(number))]), ...(kind === 'key' ? [] : [rows.has(number)])];
    if (new Set(parts).size > 1) problems.push(`commit ${number} is there in part`);
    const isThere = parts.includes(true);
    if (acknowledged.has(number) && !isThere) problems.push(`commit ${number} was acknowledged and is lost`);
    if (isThere && !acknowledged.has(number) && !possible.has(number)) {
      problems.push(`commit ${number} was refused by a database that had stopped, and is there`);
    }
  }
  return problems;
}
