import type { AlopexDB } from '../../index.ts';
import { Partition, Violation, type Change, type State } from './model.ts';
import type { Turn, Workload } from './workload.ts';
import { draw, toSql, type TableOperation } from './table-operation.ts';

const CREATE = `CREATE TABLE IF NOT EXISTS t (id BIGINT PRIMARY KEY, ts TIMESTAMP NOT NULL, v BIGINT NOT NULL, s VARCHAR)
  WITH (sort_by = 'ts', partition_by = 'month(ts)', tier_column = 'ts')`;
export const SELECT_ROWS = `SELECT id::INTEGER AS id, date_diff('day', TIMESTAMP '2024-01-01', ts)::INTEGER AS day, v::INTEGER AS v, s FROM t`;

/** Keys of a task: from its number times this on. */
export const KEYS_PER_TASK = 1000;

/** One table for all tasks, each of which changes its own range of keys; moves and checkpoints concern all of it. */
export class TableWorkload implements Workload {
  readonly name = 'table';
  readonly #partitions: readonly Partition[];

  constructor(tasks: number) {
    this.#partitions = Array.from({ length: tasks }, (_, task) => new Partition(`t[${task}]`));
  }

  async prepare(db: AlopexDB): Promise<void> {
    await db.execute(CREATE);
  }

  async step(turn: Turn): Promise<void> {
    const { db, model, task, random } = turn;
    const partition = this.partition(task);
    const operation = draw(random, task * KEYS_PER_TASK, partition.state);
    if (operation.kind === 'read') {
      await this.#read(db, `task ${task}`);
      return;
    }
    const sql = toSql(operation);
    const next = applied(operation, partition.state);
    if (next === 'duplicate') {
      await refused(db, sql);
      return;
    }
    if (next === partition.state) await db.execute(sql);
    else await model.change(new Map([[partition, next]]), () => db.execute(sql));
  }

  readAll(db: AlopexDB): Promise<Change> {
    return this.#select(db, SELECT_ROWS);
  }

  async checkOwn({ db, task }: Turn): Promise<void> {
    const partition = this.partition(task);
    const since = partition.moment;
    const where = ` WHERE id >= ${task * KEYS_PER_TASK} AND id < ${(task + 1) * KEYS_PER_TASK}`;
    const found = await this.#select(db, SELECT_ROWS + where);
    partition.check(found.get(partition) ?? new Map(), since, `task ${task}, after an error,`);
  }

  async #read(db: AlopexDB, reader: string): Promise<void> {
    const since = this.#partitions.map((partition) => partition.moment);
    const found = await this.readAll(db);
    for (const [index, partition] of this.#partitions.entries()) {
      partition.check(found.get(partition) ?? new Map(), since[index] ?? 0, reader);
    }
  }

  async #select(db: AlopexDB, sql: string): Promise<Change> {
    const found = new Map(this.#partitions.map((partition) => [partition, new Map<string, string>()]));
    for (const row of await db.query(sql)) {
      const { id, day, v, s } = row.toJSON() as { id: number; day: number; v: number; s: string };
      const rows = found.get(this.partition(Math.floor(id / KEYS_PER_TASK)));
      if (rows === undefined || rows.has(String(id))) throw new Violation(`row ${id} of t is there twice`);
      rows.set(String(id), rowText(day, v, s));
    }
    return found;
  }

  partition(task: number): Partition {
    const partition = this.#partitions[task];
    if (partition === undefined) throw new Violation(`t holds a row that no task has written: task ${task}`);
    return partition;
  }
}

function rowText(day: number, v: number, s: string): string {
  return `${day} ${v} ${s}`;
}

/** The model after an operation; the same object when nothing changes. Written apart from the SQL, so that they do not share a mistake. */
export function applied(operation: Exclude<TableOperation, { kind: 'read' }>, state: State): State | 'duplicate' {
  const next = new Map(state);
  switch (operation.kind) {
    case 'insert':
      for (const id of operation.ids) {
        if (state.has(String(id))) return 'duplicate';
        next.set(String(id), rowText(operation.day, operation.tag + id, `i${operation.tag}`));
      }
      return next;
    case 'upsert':
      for (const id of operation.ids) {
        const old = state.get(String(id))?.split(' ');
        const v = operation.tag + id;
        if (old === undefined || operation.conflict === 'replace') {
          next.set(String(id), rowText(operation.day, v, `x${operation.tag}`));
        } else if (operation.conflict === 'add') {
          next.set(String(id), rowText(Number(old[0]), Number(old[1]) + v, `x${operation.tag}`));
        }
      }
      return next;
    case 'update':
      for (const [key, row] of state) {
        const [day = '', v = '', s = ''] = row.split(' ');
        if (Number(key) % operation.modulus !== operation.remainder) continue;
        next.set(key, rowText(Number(day) + operation.days, Number(v) + operation.amount, s));
      }
      return next;
    case 'delete':
      for (const key of state.keys()) if (Number(key) % operation.modulus === operation.remainder) next.delete(key);
      return next;
    case 'checkpoint':
    case 'tier':
      return state;
  }
}

async function refused(db: AlopexDB, sql: string): Promise<void> {
  try {
    await db.execute(sql);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '23505') return;
    throw error;
  }
  throw new Violation(`a key that is there was inserted again: ${sql}`);
}
