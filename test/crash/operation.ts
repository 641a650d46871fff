/**
 * What a statement of the workload does: to the database, as SQL, and to the model, as a change of a map. The two are written apart on purpose, so that neither
 * can be wrong in the same way as the other.
 */
export type Operation =
  | { readonly kind: 'insert'; readonly firstId: number; readonly count: number; readonly tag: number }
  /** `INSERT … SELECT` of more rows than `largeRows`: goes past log and memtable. */
  | { readonly kind: 'insert-large'; readonly firstId: number; readonly count: number; readonly tag: number }
  | { readonly kind: 'update'; readonly modulus: number; readonly remainder: number; readonly amount: number }
  /** Changes the column that decides the tier. */
  | { readonly kind: 'update-day'; readonly modulus: number; readonly remainder: number; readonly days: number }
  | { readonly kind: 'delete'; readonly modulus: number; readonly remainder: number }
  | {
      readonly kind: 'upsert';
      readonly conflict: 'add' | 'replace' | 'nothing';
      readonly firstId: number;
      readonly count: number;
      readonly tag: number;
    }
  | { readonly kind: 'flush' }
  /** Compacts the hot tier as far as it goes. */
  | { readonly kind: 'vacuum' }
  | { readonly kind: 'tier-cold'; readonly fromDay: number; readonly toDay: number }
  | { readonly kind: 'tier-hot'; readonly fromDay: number; readonly toDay: number };

export interface Row {
  /** Days since 2024-01-01. */
  readonly day: number;
  readonly v: number;
  readonly s: string;
}

/** The rows that the database must hold, by primary key. */
export type Model = ReadonlyMap<number, Row>;

/** Days over which the rows of the workload are spread at first. */
export const DAYS = 100;

export const CREATE_TABLE = `CREATE TABLE t (id BIGINT PRIMARY KEY, ts TIMESTAMP NOT NULL, v BIGINT NOT NULL, s VARCHAR)
  WITH (sort_by = 'ts', partition_by = 'month(ts)', tier_column = 'ts')`;

export function toSql(operation: Operation): string {
  switch (operation.kind) {
    case 'insert':
      return `INSERT INTO t VALUES ${ids(operation)
        .map((id) => `(${id}, ${dayText(firstDay(id))}, ${operation.tag + id}, 'i${operation.tag}')`)
        .join(', ')}`;
    case 'insert-large':
      return `INSERT INTO t ${selectNew(operation, 'l')}`;
    case 'update':
      return `UPDATE t SET v = v + ${operation.amount}, s = 'u' || (v + ${operation.amount}) WHERE ${matching(operation)}`;
    case 'update-day':
      return `UPDATE t SET ts = ts + INTERVAL (${operation.days}) DAY WHERE ${matching(operation)}`;
    case 'delete':
      return `DELETE FROM t WHERE ${matching(operation)}`;
    case 'upsert':
      return upsertSql(operation);
    case 'flush':
      return 'CHECKPOINT';
    case 'vacuum':
      return 'VACUUM t';
    case 'tier-cold':
    case 'tier-hot': {
      const direction = operation.kind === 'tier-cold' ? 'COLD' : 'HOT';
      return `ALTER TABLE t TIER PARTITION WHERE ts >= ${dayText(operation.fromDay)} AND ts < ${dayText(operation.toDay)} TO ${direction}`;
    }
  }
}

function upsertSql(operation: Operation & { kind: 'upsert' }): string {
  const rows = selectNew(operation, 'x');
  switch (operation.conflict) {
    case 'add':
      return `INSERT INTO t ${rows} ON CONFLICT (id) DO UPDATE SET v = t.v + excluded.v, s = excluded.s`;
    case 'replace':
      return `INSERT OR REPLACE INTO t ${rows}`;
    case 'nothing':
      return `INSERT INTO t ${rows} ON CONFLICT (id) DO NOTHING`;
  }
}

/** The model after an operation. */
export function apply(model: Model, operation: Operation): Model {
  const next = new Map(model);
  const changeMatching = (modulus: number, remainder: number, change: (row: Row) => Row | undefined): Model => {
    for (const [id, row] of model) {
      if (id % modulus !== remainder) continue;
      const changed = change(row);
      if (changed === undefined) next.delete(id);
      else next.set(id, changed);
    }
    return next;
  };
  switch (operation.kind) {
    case 'insert':
    case 'insert-large':
      for (const id of ids(operation)) next.set(id, newRow(id, operation.tag, operation.kind === 'insert' ? 'i' : 'l'));
      return next;
    case 'update':
      return changeMatching(operation.modulus, operation.remainder, (row) => {
        const v = row.v + operation.amount;
        return { ...row, v, s: `u${v}` };
      });
    case 'update-day':
      return changeMatching(operation.modulus, operation.remainder, (row) => ({
        ...row,
        day: row.day + operation.days,
      }));
    case 'delete':
      return changeMatching(operation.modulus, operation.remainder, () => undefined);
    case 'upsert':
      for (const id of ids(operation)) {
        const added = newRow(id, operation.tag, 'x');
        const old = model.get(id);
        if (old === undefined || operation.conflict === 'replace') next.set(id, added);
        else if (operation.conflict === 'add') next.set(id, { ...old, v: old.v + added.v, s: added.s });
      }
      return next;
    case 'flush':
    case 'vacuum':
    case 'tier-cold':
    case 'tier-hot':
      return model;
  }
}

function ids({ firstId, count }: { firstId: number; count: number }): number[] {
  return Array.from({ length: count }, (_, index) => firstId + index);
}

function newRow(id: number, tag: number, letter: string): Row {
  return { day: firstDay(id), v: tag + id, s: `${letter}${tag}` };
}

function firstDay(id: number): number {
  return (id * 37) % DAYS;
}

function selectNew({ firstId, count, tag }: { firstId: number; count: number; tag: number }, letter: string): string {
  return `SELECT i, TIMESTAMP '2024-01-01' + INTERVAL (i * 37 % ${DAYS}) DAY, i + ${tag}, '${letter}${tag}' FROM range(${firstId}, ${firstId + count}) AS r(i)`;
}

function matching({ modulus, remainder }: { modulus: number; remainder: number }): string {
  return `id % ${modulus} = ${remainder}`;
}

function dayText(day: number): string {
  return `TIMESTAMP '${new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10)}'`;
}
