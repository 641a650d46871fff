import { AlopexError, SqlState } from '../../errors.ts';
import type { ExplainStatement } from './statement.ts';
import { TokenReader } from './token-reader.ts';

/** What may stand first in a query in parentheses, which options never are. */
const QUERY_WORDS: ReadonlySet<string> = new Set(['SELECT', 'FROM', 'WITH', 'VALUES', 'TABLE', '(']);

/** `EXPLAIN [ANALYZE | VERBOSE] statement` or `EXPLAIN (ANALYZE, FORMAT json, …) statement`. */
export function parseExplain(reader: TokenReader): ExplainStatement {
  reader.expect('EXPLAIN');
  let options = { analyze: false, format: 'text' };
  if (reader.peek()?.text === '(' && !QUERY_WORDS.has(reader.peek(1)?.text.toUpperCase() ?? '')) {
    options = parseOptions(new TokenReader(reader.group()));
  } else if (reader.accept('ANALYZE')) options.analyze = true;
  else reader.accept('VERBOSE');
  const text = reader.rest();
  if (text === '') throw reader.error('expected a statement');
  return { kind: 'explain', ...options, text };
}

function parseOptions(reader: TokenReader): { analyze: boolean; format: string } {
  let analyze = false;
  let format = 'text';
  for (const item of reader.listUntil(reader.end)) {
    const [name = '', value = ''] = item.split(/[\s=]+/, 2).map((word) => word.replaceAll("'", '').toLowerCase());
    if (name === 'analyze') analyze = !['false', 'off', '0'].includes(value);
    else if (name === 'format' && /^[a-z_]+$/.test(value)) format = value;
    else {
      throw new AlopexError(SqlState.syntaxError, `EXPLAIN has no option ${item}`, {
        hint: 'Its options are ANALYZE and FORMAT, as in EXPLAIN (ANALYZE, FORMAT json).',
      });
    }
  }
  return { analyze, format };
}
