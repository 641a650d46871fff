import type { SessionStatement, Statement, TransactionStatement } from './statement.ts';

type ControlStatement = TransactionStatement | SessionStatement;
export type RunnableStatement = Exclude<Statement, ControlStatement>;

const CONTROL: ReadonlySet<Statement['kind']> = new Set<ControlStatement['kind']>([
  'begin',
  'commit',
  'rollback',
  'savepoint',
  'rollback-to',
  'release',
  'set',
  'reset',
  'set-transaction',
  'prepare',
  'execute',
  'deallocate',
  'discard',
]);

/** Whether a statement concerns the connection or the transaction, and is none that the engine runs. */
export function isControl(statement: Statement): statement is ControlStatement {
  return CONTROL.has(statement.kind);
}
