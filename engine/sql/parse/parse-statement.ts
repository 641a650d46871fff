import { AlopexError, SqlState } from '../../errors.ts';
import { parseAlter, parseCreate, parseDrop } from './parse-create-drop.ts';
import { parseComment } from './parse-definition.ts';
import { parseCopy, parseDelete, parseInsert, parseTruncate, parseUpdate } from './parse-dml.ts';
import { parseExplain } from './parse-explain.ts';
import { parseMerge } from './parse-merge.ts';
import { parsePragma, parseSession, SESSION_WORDS } from './parse-session.ts';
import { parseTransaction, TRANSACTION_WORDS } from './parse-transaction.ts';
import type { Statement } from './statement.ts';
import { TokenReader } from './token-reader.ts';

/** Statements that only read, by their first word. */
const QUERIES: ReadonlySet<string> = new Set([
  'SELECT',
  'FROM',
  'VALUES',
  'TABLE',
  'DESCRIBE',
  'DESC',
  'SHOW',
  'SUMMARIZE',
  'PIVOT',
  'UNPIVOT',
  '(',
]);

/** Statements of DuckDB and PostgreSQL that are refused by name; any other word is a mistake. */
const UNSUPPORTED: ReadonlySet<string> = new Set(
  'ANALYZE ATTACH CLOSE CLUSTER DECLARE DETACH EXPORT FETCH FORCE GRANT IMPORT INSTALL LOAD LOCK REFRESH REINDEX REVOKE'.split(
    ' ',
  ),
);

/** Reads one statement, without its semicolon. Throws `42601` for what cannot be read and `0A000` for what is not supported, by name. */
export function parseStatement(text: string): Statement {
  const reader = new TokenReader(text);
  const ctes = skipCtes(reader);
  const word = reader.peek()?.text.toUpperCase() ?? '';
  if (QUERIES.has(word)) return { kind: 'query', command: 'SELECT', text };
  switch (word) {
    case 'INSERT':
      return parseInsert(reader, ctes);
    case 'UPDATE':
      return parseUpdate(reader, ctes);
    case 'DELETE':
      return parseDelete(reader, ctes);
    case 'MERGE':
      return parseMerge(reader, ctes);
  }
  if (ctes !== '') throw reader.error('expected SELECT, INSERT, UPDATE, DELETE or MERGE after WITH');
  if (TRANSACTION_WORDS.has(word)) return parseTransaction(reader);
  if (SESSION_WORDS.has(word)) return parseSession(reader);
  switch (word) {
    case 'TRUNCATE':
      return parseTruncate(reader);
    case 'COPY':
      return parseCopy(reader);
    case 'CREATE':
      return parseCreate(reader);
    case 'DROP':
      return parseDrop(reader);
    case 'ALTER':
      return parseAlter(reader);
    case 'COMMENT':
      return parseComment(reader);
    case 'CHECKPOINT':
      reader.next();
      reader.expectEnd();
      return { kind: 'checkpoint' };
    case 'PRAGMA':
      return parsePragma(reader);
    case 'CALL':
      return { kind: 'query', command: 'CALL', text };
    case 'VACUUM':
      return parseVacuum(reader);
    case 'EXPLAIN':
      return parseExplain(reader);
  }
  if (!UNSUPPORTED.has(word)) throw reader.error('expected a statement');
  throw new AlopexError(SqlState.featureNotSupported, `${word} is not supported`, {
    hint: 'docs/sql.md lists the statements that are.',
  });
}

/** Steps over `WITH [RECURSIVE] name [(columns)] AS [[NOT] MATERIALIZED] (query), …` and returns its text. */
function skipCtes(reader: TokenReader): string {
  const start = reader.position;
  if (!reader.accept('WITH')) return '';
  reader.accept('RECURSIVE');
  do {
    // A name in the quotes of a string is one of a file, whose place the query takes.
    if (reader.peek()?.kind === 'string') reader.next();
    else reader.identifier('a name');
    if (reader.peek()?.text === '(') reader.group();
    if (reader.accept('USING', 'KEY')) reader.group();
    reader.expect('AS');
    if (!reader.accept('NOT', 'MATERIALIZED')) reader.accept('MATERIALIZED');
    reader.group();
  } while (reader.acceptSymbol(','));
  const end = reader.position;
  reader.seek(start);
  return `${reader.textUntil(end)} `;
}

function parseVacuum(reader: TokenReader): Statement {
  reader.expect('VACUUM');
  const table = reader.peek() === undefined ? undefined : reader.tableName();
  reader.expectEnd();
  return { kind: 'vacuum', table };
}
