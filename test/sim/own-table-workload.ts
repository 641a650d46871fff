import type { AlopexDB } from '../../index.ts';
import { Partition, Violation, type Change, type State } from './model.ts';
import type { Turn, Workload } from './workload.ts';

/** Says in the model that the table is there; its value is the columns. */
const TABLE = 'table';

/** Each task makes, fills, changes and drops a table of its own. */
export class OwnTableWorkload implements Workload {
  readonly name = 'own-table';
  readonly #partitions: readonly Partition[];

  constructor(tasks: number) {
    this.#partitions = Array.from({ length: tasks }, (_, task) => new Partition(`own_${task}`));
  }

  async prepare(): Promise<void> {
    // Nothing is there at first.
  }

  async step({ db, model, random, task }: Turn): Promise<void> {
    const partition = this.#partition(task);
    const { state, name } = partition;
    const columns = state.get(TABLE);
    const change = (next: State, sql: string): Promise<void> =>
      model.change(new Map([[partition, next]]), () => db.execute(sql));
    if (columns === undefined) {
      const rows = random.pick([0, 3, 40]);
      const next = new Map([[TABLE, 'id,v'], ...Array.from({ length: rows }, (_, id) => [`${id}`, '7'] as const)]);
      await change(next, `CREATE TABLE ${name} AS SELECT i::BIGINT AS id, 7::BIGINT AS v FROM range(${rows}) AS r(i)`);
      return;
    }
    const action = random.weighted([
      ['insert', 5],
      ['add column', 1],
      ['replace', 1],
      ['drop', 2],
    ] as const);
    switch (action) {
      case 'insert': {
        const id = random.below(10_000) + 100;
        if (state.has(String(id))) return;
        await change(new Map(state).set(String(id), '1'), `INSERT INTO ${name} (id, v) VALUES (${id}, 1)`);
        return;
      }
      case 'add column': {
        const column = `c${columns.split(',').length}`;
        const next = new Map(state).set(TABLE, `${columns},${column}`);
        await change(next, `ALTER TABLE ${name} ADD COLUMN ${column} INTEGER`);
        return;
      }
      case 'replace': {
        const next = new Map([
          [TABLE, 'id,v'],
          ['5', '5'],
        ]);
        await change(next, `CREATE OR REPLACE TABLE ${name} AS SELECT 5::BIGINT AS id, 5::BIGINT AS v`);
        return;
      }
      case 'drop':
        await change(new Map(), `DROP TABLE ${name}`);
    }
  }

  async readAll(db: AlopexDB): Promise<Change> {
    const found = new Map<Partition, State>();
    const names = [...(await db.query('SELECT name FROM alopex.tables'))].map((row) => String(row.toJSON()['name']));
    for (const partition of this.#partitions) found.set(partition, await this.#read(db, partition, names));
    const stray = names.find((name) => name.startsWith('own_') && !this.#partitions.some((own) => own.name === name));
    if (stray !== undefined) throw new Violation(`there is a table ${stray} that no task has made`);
    return found;
  }

  async checkOwn({ db, task }: Turn): Promise<void> {
    const partition = this.#partition(task);
    const names = [...(await db.query('SELECT name FROM alopex.tables'))].map((row) => String(row.toJSON()['name']));
    partition.check(await this.#read(db, partition, names), partition.moment, `task ${task}, after an error,`);
  }

  async #read(db: AlopexDB, partition: Partition, names: readonly string[]): Promise<State> {
    if (!names.includes(partition.name)) return new Map();
    const table = await db.query(`SELECT * FROM ${partition.name}`);
    const found = new Map([[TABLE, table.schema.fields.map((field) => field.name).join(',')]]);
    for (const row of table) {
      const { id, v } = row.toJSON() as { id: bigint; v: bigint };
      if (found.has(String(id))) throw new Violation(`row ${id} of ${partition.name} is there twice`);
      found.set(String(id), String(v));
    }
    return found;
  }

  #partition(task: number): Partition {
    const partition = this.#partitions[task];
    if (partition === undefined) throw new Error(`there is no task ${task}`);
    return partition;
  }
}
