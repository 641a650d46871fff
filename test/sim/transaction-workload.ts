import { AlopexError, type AlopexDB, type TransactionHandle } from '../../index.ts';
import { changedKeys, drawChange, run, type KeyChange } from './key-operation.ts';
import { keyOf, keyspace } from './key-space.ts';
import type { KeyWorkload } from './key-workload.ts';
import { Violation, type Change, type State } from './model.ts';
import { draw, toSql, type TableOperation } from './table-operation.ts';
import { applied, KEYS_PER_TASK, type TableWorkload } from './table-workload.ts';
import type { Turn, Workload } from './workload.ts';

/** Transactions over keys and rows of a task. Both parts change together, or neither does. */
export class TransactionWorkload implements Workload {
  readonly name = 'transaction';
  readonly #keys: KeyWorkload;
  readonly #tables: TableWorkload;

  constructor(keys: KeyWorkload, tables: TableWorkload) {
    this.#keys = keys;
    this.#tables = tables;
  }

  async prepare(): Promise<void> {
    // The other workloads have made all that is needed.
  }

  async step(turn: Turn): Promise<void> {
    const { db, model, random, task } = turn;
    const keys = this.#keys.partition(task);
    const rows = this.#tables.partition(task);
    const changes = Array.from({ length: random.between(0, 4) }, () => drawChange(random, task));
    const statements = this.#statements(turn, rows.state);
    const next = new Map([[keys, changes.reduce((state, change) => changedKeys(change, state), keys.state)]]);
    next.set(rows, statements.reduce(afterStatement, rows.state));
    const isolation = random.chance(0.3) ? 'serializable' : 'snapshot';
    const isRolledBack = random.chance(0.15);
    const probe = keyOf(random, task);
    const body = async (tx: TransactionHandle): Promise<void> => {
      await this.#apply(tx, changes, statements);
      const found = await keyspace(tx).get(probe);
      const expected = next.get(keys)?.get(probe);
      if (found !== expected && !keys.isSame(new Map(), new Map([[probe, expected ?? '']]))) {
        throw new Violation(`a transaction of task ${task} sees ${found} as ${probe}, not ${expected}`);
      }
      if (isRolledBack) throw new RolledBack();
    };
    if (isRolledBack) await rolledBack(db, body);
    else await tolerateConflict(() => model.change(next, () => db.transaction(body, { isolation })));
  }

  /** The other workloads read what there is. */
  async readAll(): Promise<Change> {
    return Promise.resolve(new Map());
  }

  async checkOwn(turn: Turn): Promise<void> {
    await this.#keys.checkOwn(turn);
    await this.#tables.checkOwn(turn);
  }

  async #apply(tx: TransactionHandle, changes: readonly KeyChange[], statements: readonly Statement[]): Promise<void> {
    for (const change of changes) await run(keyspace(tx), change);
    for (const statement of statements) await tx.execute(toSql(statement));
  }

  /** One or two statements that change rows, of which none is refused. */
  #statements({ random, task }: Turn, state: State): Statement[] {
    const statements: Statement[] = [];
    for (let count = random.between(0, 2), now = state; count > 0; count--) {
      const operation = draw(random, task * KEYS_PER_TASK, now);
      if (operation.kind === 'read' || operation.kind === 'checkpoint' || operation.kind === 'tier') continue;
      const next = applied(operation, now);
      if (next === 'duplicate') continue;
      statements.push(operation);
      now = next;
    }
    return statements;
  }
}

type Statement = Exclude<TableOperation, { kind: 'read' }>;

function afterStatement(state: State, statement: Statement): State {
  const next = applied(statement, state);
  return next === 'duplicate' ? state : next;
}

class RolledBack extends Error {}

async function rolledBack(db: AlopexDB, body: (tx: TransactionHandle) => Promise<void>): Promise<void> {
  try {
    await db.transaction(body);
  } catch (error) {
    if (error instanceof RolledBack) return;
    throw error;
  }
  throw new Violation('a transaction that threw was committed');
}

/** A rival came first, ten times: nothing has happened. */
async function tolerateConflict(transaction: () => Promise<void>): Promise<void> {
  try {
    await transaction();
  } catch (error) {
    if (!(error instanceof AlopexError) || error.code !== '40001') throw error;
  }
}
