import { isSignificant, tokenize, type Token } from '../lexer.ts';

/** What a session has and the planner's kernel has not, so that conditions on it would come out differently. */
const SESSION_STATE =
  /\b(getvariable|getenv|current_(?!date\b|timestamp\b|time\b|localtime)\w+|txid_current|in_search_path|pg_\w+|nextval|currval|setseed)\b/i;

/** Names whose value at planning time says nothing about the next run. */
const VOLATILE =
  /\b(now|today|current_(date|time|timestamp|localtime|localtimestamp)|local(time|timestamp)|get_current_\w+|transaction_timestamp|clock_timestamp|random|uuid\w*|gen_random_uuid)\b/i;

export function readsSession(text: string): boolean {
  return SESSION_STATE.test(text);
}

export function isVolatile(text: string): boolean {
  return VOLATILE.test(text);
}

/** Functions and words for the time at which the transaction began, and the type of each. */
const TIMES: ReadonlyMap<string, string> = new Map([
  ['now', 'TIMESTAMPTZ'],
  ['transaction_timestamp', 'TIMESTAMPTZ'],
  ['get_current_timestamp', 'TIMESTAMPTZ'],
  ['current_timestamp', 'TIMESTAMPTZ'],
  ['today', 'DATE'],
  ['current_date', 'DATE'],
  ['localtimestamp', 'TIMESTAMP'],
  ['current_localtimestamp', 'TIMESTAMP'],
]);

/** A text with a constant in place of every word for the present time; `undefined` when there is another kind of word for it. */
export function withTime(text: string, timeSql: string): string | undefined {
  const tokens = tokenize(text);
  const replaced: string[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (token === undefined) break;
    const type = token.kind === 'identifier' ? TIMES.get(token.text.toLowerCase()) : undefined;
    const end = type === undefined ? undefined : endOfCall(tokens, index);
    if (type === undefined) replaced.push(token.text);
    else {
      replaced.push(`(${timeSql}::${type})`);
      index = end ?? index;
    }
  }
  const result = replaced.join('');
  return isVolatile(withoutTimes(result)) ? undefined : result;
}

/** Index of the `)` of `()` after a name, if it is called so. */
function endOfCall(tokens: readonly Token[], index: number): number | undefined {
  const open = nextSignificant(tokens, index);
  const close = open === undefined ? undefined : nextSignificant(tokens, open);
  return open !== undefined && close !== undefined && tokens[open]?.text === '(' && tokens[close]?.text === ')'
    ? close
    : undefined;
}

function nextSignificant(tokens: readonly Token[], index: number): number | undefined {
  for (let next = index + 1; next < tokens.length; next++) {
    const token = tokens[next];
    if (token !== undefined && isSignificant(token)) return next;
  }
  return undefined;
}

/** Without strings, in which the words mean nothing. */
function withoutTimes(text: string): string {
  return tokenize(text)
    .map((token) => (token.kind === 'string' || token.kind === 'comment' ? ' ' : token.text))
    .join('');
}
