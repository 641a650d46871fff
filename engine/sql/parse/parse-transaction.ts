import { AlopexError, SqlState } from '../../errors.ts';
import type { TransactionMode, TransactionStatement } from './statement.ts';
import type { TokenReader } from './token-reader.ts';

/** First words of the statements that begin and end transactions, and mark points in them. */
export const TRANSACTION_WORDS: ReadonlySet<string> = new Set(
  'BEGIN START COMMIT END ROLLBACK ABORT SAVEPOINT RELEASE'.split(' '),
);

/** `BEGIN`, `START TRANSACTION`, `COMMIT`, `END`, `ROLLBACK [TO]`, `ABORT`, `SAVEPOINT` and `RELEASE`. */
export function parseTransaction(reader: TokenReader): TransactionStatement {
  const statement = parse(reader);
  reader.expectEnd();
  return statement;
}

function parse(reader: TokenReader): TransactionStatement {
  if (reader.accept('BEGIN')) {
    skipNoise(reader);
    return { kind: 'begin', mode: parseModes(reader) };
  }
  if (reader.accept('START')) {
    reader.expect('TRANSACTION');
    return { kind: 'begin', mode: parseModes(reader) };
  }
  if (reader.accept('COMMIT') || reader.accept('END')) {
    skipNoise(reader);
    refuseChain(reader);
    return { kind: 'commit' };
  }
  if (reader.accept('SAVEPOINT')) return { kind: 'savepoint', name: savepointName(reader) };
  if (reader.accept('RELEASE')) {
    reader.accept('SAVEPOINT');
    return { kind: 'release', name: savepointName(reader) };
  }
  if (!reader.accept('ROLLBACK')) reader.expect('ABORT');
  skipNoise(reader);
  if (reader.accept('TO')) {
    reader.accept('SAVEPOINT');
    return { kind: 'rollback-to', name: savepointName(reader) };
  }
  refuseChain(reader);
  return { kind: 'rollback' };
}

function skipNoise(reader: TokenReader): void {
  if (!reader.accept('TRANSACTION')) reader.accept('WORK');
}

function savepointName(reader: TokenReader): string {
  return reader.identifier('the name of a savepoint').toLowerCase();
}

/** `AND NO CHAIN` is what happens anyway. */
function refuseChain(reader: TokenReader): void {
  if (reader.accept('AND', 'NO', 'CHAIN') || !reader.isNext('AND', 'CHAIN')) return;
  throw new AlopexError(SqlState.featureNotSupported, 'AND CHAIN is not supported', {
    hint: 'Begin the next transaction by a statement of its own.',
  });
}

/** `ISOLATION LEVEL …`, `READ ONLY`, `READ WRITE`, `[NOT] DEFERRABLE`, in any order, with or without commas. The weaker levels of the standard are snapshots here, which give more. */
export function parseModes(reader: TokenReader): TransactionMode {
  let mode: TransactionMode = {};
  while (!reader.atEnd) {
    if (reader.accept('ISOLATION', 'LEVEL')) mode = { ...mode, isolation: parseLevel(reader) };
    else if (reader.accept('READ', 'ONLY')) mode = { ...mode, readOnly: true };
    else if (reader.accept('READ', 'WRITE')) mode = { ...mode, readOnly: false };
    else if (!reader.accept('NOT', 'DEFERRABLE') && !reader.accept('DEFERRABLE')) break;
    reader.acceptSymbol(',');
  }
  return mode;
}

function parseLevel(reader: TokenReader): 'snapshot' | 'serializable' {
  if (reader.accept('SERIALIZABLE')) return 'serializable';
  const isKnown =
    reader.accept('SNAPSHOT') ||
    reader.accept('REPEATABLE', 'READ') ||
    reader.accept('READ', 'COMMITTED') ||
    reader.accept('READ', 'UNCOMMITTED');
  if (!isKnown) throw reader.error('expected SERIALIZABLE, SNAPSHOT, REPEATABLE READ or READ COMMITTED');
  return 'snapshot';
}
