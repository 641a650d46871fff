import type { TransactionHandle } from '../../../index.ts';
import type { Chance } from './chance.ts';

/** Where lists are kept, in a number of ways to read and write one. */
export interface ListPlace {
  /** Makes the empty list, where there must be one for two writers to meet. */
  create?(tx: TransactionHandle, key: string): Promise<void>;
  read(tx: TransactionHandle, key: string, chance: Chance): Promise<number[]>;
  write(tx: TransactionHandle, key: string, list: readonly number[], chance: Chance): Promise<void>;
}

const encode = (list: readonly number[]): string => JSON.stringify(list);
const decode = (text: string | undefined): number[] => (text === undefined ? [] : (JSON.parse(text) as number[]));

/** The value of a key. */
const value: ListPlace = {
  async read(tx, key, chance) {
    const lists = tx.kv.keyspace('lists', { valueEncoding: 'text' });
    if (chance.happens(0.5)) return decode(await lists.get(key));
    for await (const [, list] of lists.scan({ gte: key, lte: key, reverse: chance.happens(0.5) })) return decode(list);
    return [];
  },
  async write(tx, key, list, chance) {
    const lists = tx.kv.keyspace('lists', { valueEncoding: 'text' });
    const way = chance.below(3);
    if (way === 0) await lists.delete(key);
    if (way === 1) await lists.deleteRange({ gte: key, lte: key });
    await lists.put(key, encode(list));
  },
};

/** The one key with a prefix: every write moves it, so that a scan that is not of one moment finds none or two. */
const moving: ListPlace = {
  async create(tx, key) {
    await tx.kv.keyspace('moving', { valueEncoding: 'text' }).put(`${key}/start`, '[]');
  },
  async read(tx, key, chance) {
    const lists = tx.kv.keyspace('moving', { valueEncoding: 'text' });
    const found: string[] = [];
    for await (const [, list] of lists.scan({ prefix: `${key}/`, reverse: chance.happens(0.5) })) found.push(list);
    if (found.length !== 1) throw new Error(`${key} is in ${found.length} places: ${found.join(' ')}`);
    return decode(found[0]);
  },
  async write(tx, key, list, chance) {
    const lists = tx.kv.keyspace('moving', { valueEncoding: 'text' });
    if (chance.happens(0.5)) await lists.deleteRange({ prefix: `${key}/` });
    else for await (const [old] of lists.scan({ prefix: `${key}/` })) await lists.delete(old);
    await lists.put(`${key}/${chance.below(1000)}`, encode(list));
  },
};

/** A row of the table `lists (id, list)`. */
const row: ListPlace = {
  async read(tx, key, chance) {
    const where = chance.pick([`id = '${key}'`, `id >= '${key}' AND id < '${key}~'`, `id LIKE '${key}'`]);
    const rows = (await tx.query(`SELECT list FROM lists WHERE ${where}`)).toArray() as { list: string }[];
    if (rows.length > 1) throw new Error(`${key} is in ${rows.length} rows: ${rows.map(({ list }) => list).join(' ')}`);
    return decode(rows[0]?.list);
  },
  async write(tx, key, list, chance) {
    const text = encode(list);
    switch (chance.below(4)) {
      case 0:
        await tx.execute(`DELETE FROM lists WHERE id = '${key}'`);
        await tx.execute('INSERT INTO lists VALUES ($1, $2)', [key, text]);
        return;
      case 1:
        await tx.execute('INSERT OR REPLACE INTO lists VALUES ($1, $2)', [key, text]);
        return;
      case 2:
        await tx.execute('INSERT INTO lists VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET list = excluded.list', [
          key,
          text,
        ]);
        return;
      default: {
        const [updated] = await tx.execute(`UPDATE lists SET list = '${text}' WHERE id = '${key}'`);
        if (updated?.rowCount === 0) await tx.execute('INSERT INTO lists VALUES ($1, $2)', [key, text]);
      }
    }
  },
};

/** The same list as a value and in a row: they must agree whenever both are read. */
const both: ListPlace = {
  async read(tx, key, chance) {
    const which = chance.below(3);
    if (which === 0) return value.read(tx, key, chance);
    if (which === 1) return row.read(tx, key, chance);
    const [one, other] = [await value.read(tx, key, chance), await row.read(tx, key, chance)];
    if (encode(one) !== encode(other))
      throw new Error(`${key} is [${one.join()}] as a value and [${other.join()}] in a row`);
    return one;
  },
  async write(tx, key, list, chance) {
    await value.write(tx, key, list, chance);
    await row.write(tx, key, list, chance);
  },
};

const PLACES: Readonly<Record<string, ListPlace>> = { value, moving, row, both };

/** The place of a key, which its name begins with. */
export function placeOf(key: string): ListPlace {
  const place = PLACES[key.split('-')[0] ?? ''];
  if (place === undefined) throw new Error(`there is no place for ${key}`);
  return place;
}
