import { AlopexError, SqlState } from '../../errors.ts';
import { parseModes } from './parse-transaction.ts';
import type { QueryStatement, SessionStatement } from './statement.ts';
import type { TokenReader } from './token-reader.ts';

/** Pragmas that only tell something: the kernel runs them as queries. */
const TELLING: ReadonlySet<string> = new Set(
  'collations database_list database_size functions platform show show_databases show_tables show_tables_expanded table_info user_agent version'.split(
    ' ',
  ),
);

/** `PRAGMA name = value` sets; `PRAGMA name` and `PRAGMA name(…)` ask. Throws `0A000` for other pragmas. */
export function parsePragma(reader: TokenReader): SessionStatement | QueryStatement {
  const { text } = reader;
  reader.expect('PRAGMA');
  const name = settingName(reader);
  if (reader.acceptSymbol('=')) return { kind: 'set', name, valueSql: setValue(reader) };
  if (TELLING.has(name)) return { kind: 'query', command: 'PRAGMA', text };
  throw new AlopexError(SqlState.featureNotSupported, `PRAGMA ${name} is not supported`, {
    hint: 'docs/sql.md lists the statements that are.',
  });
}

/** First words of the statements that concern one connection alone. */
export const SESSION_WORDS: ReadonlySet<string> = new Set(
  'SET RESET PREPARE EXECUTE DEALLOCATE DISCARD USE'.split(' '),
);

/** `SET`, `RESET`, `USE`, `PREPARE`, `EXECUTE`, `DEALLOCATE` and `DISCARD ALL`. */
export function parseSession(reader: TokenReader): SessionStatement {
  const statement = parse(reader);
  reader.expectEnd();
  return statement;
}

function parse(reader: TokenReader): SessionStatement {
  if (reader.accept('SET')) return parseSet(reader);
  if (reader.accept('RESET')) {
    skipScope(reader);
    return { kind: 'reset', name: reader.accept('ALL') ? undefined : settingName(reader) };
  }
  if (reader.accept('USE')) return { kind: 'set', name: 'schema', valueSql: reader.rest() };
  if (reader.accept('PREPARE')) return parsePrepare(reader);
  if (reader.accept('EXECUTE')) {
    const name = preparedName(reader);
    const values = reader.peek()?.text === '(' ? reader.group() : '';
    return { kind: 'execute', name, values };
  }
  if (reader.accept('DISCARD')) {
    reader.expect('ALL');
    return { kind: 'discard' };
  }
  reader.expect('DEALLOCATE');
  reader.accept('PREPARE');
  return { kind: 'deallocate', name: reader.accept('ALL') ? undefined : preparedName(reader) };
}

function parseSet(reader: TokenReader): SessionStatement {
  if (reader.accept('TRANSACTION')) return { kind: 'set-transaction', mode: parseModes(reader), isDefault: false };
  if (reader.accept('SESSION', 'CHARACTERISTICS', 'AS', 'TRANSACTION')) {
    return { kind: 'set-transaction', mode: parseModes(reader), isDefault: true };
  }
  skipScope(reader);
  if (reader.accept('TIME', 'ZONE')) return { kind: 'set', name: 'timezone', valueSql: setValue(reader) };
  const name = settingName(reader);
  if (!reader.acceptSymbol('=')) reader.expect('TO');
  return { kind: 'set', name, valueSql: setValue(reader) };
}

/** `undefined` for DEFAULT, which resets. */
function setValue(reader: TokenReader): string | undefined {
  if (reader.atEnd) throw reader.error('expected a value');
  return reader.accept('DEFAULT') ? undefined : reader.rest();
}

function skipScope(reader: TokenReader): void {
  for (const word of ['SESSION', 'LOCAL', 'GLOBAL']) {
    // `SET session = 1` would be a setting of that name.
    if (reader.isNext(word) && reader.peek(1)?.text !== '=' && reader.accept(word)) return;
  }
}

function settingName(reader: TokenReader): string {
  return reader.identifier('the name of a setting').toLowerCase();
}

function parsePrepare(reader: TokenReader): SessionStatement {
  const name = preparedName(reader);
  // PostgreSQL's list of parameter types: types are found at each execution here.
  if (reader.peek()?.text === '(') reader.group();
  reader.expect('AS');
  const text = reader.rest();
  if (text === '') throw reader.error('expected a statement');
  return { kind: 'prepare', name, text };
}

function preparedName(reader: TokenReader): string {
  return reader.identifier('the name of a prepared statement').toLowerCase();
}
