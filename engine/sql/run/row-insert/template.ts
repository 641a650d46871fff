import type { ObjectName } from '../../../table/object-name.ts';
import { identifierValue, significant, tokenize, type Token } from '../../lexer.ts';
import type { InsertStatement } from '../../parse/statement.ts';
import { readCell, type Cell } from './literal.ts';

/** Larger statements are read by the kernel, which is made for many rows. */
const MAX_CELLS = 4_096;
const MAX_LENGTH = 256 << 10;

/** An `INSERT` whose rows are written out. */
export interface RowTemplate {
  readonly table: ObjectName;
  /** In lower case; `undefined` for all columns. */
  readonly columns: readonly string[] | undefined;
  readonly rows: readonly (readonly Cell[])[];
}

/** `undefined` for any other statement, also for one that is not right. */
export function rowTemplate(statement: InsertStatement): RowTemplate | undefined {
  const { ctes, table, alias, target, source, conflict, returning } = statement;
  const isPlain = ctes === '' && alias === undefined && conflict.kind === 'error' && returning === undefined;
  if (!isPlain || target === 'BY NAME' || source.length > MAX_LENGTH) return undefined;
  const columns = target === '' ? undefined : listedColumns(significant(tokenize(target)));
  if (target !== '' && columns === undefined) return undefined;
  const rows = writtenRows(significant(tokenize(source)));
  return rows === undefined ? undefined : { table, columns, rows };
}

function listedColumns(tokens: readonly Token[]): string[] | undefined {
  const names = groups(tokens.slice(1, -1)).map(([token, ...more]) =>
    token === undefined || more.length > 0 ? undefined : identifierValue(token)?.toLowerCase(),
  );
  return names.includes(undefined) ? undefined : (names as string[]);
}

/** `VALUES (…), (…)`. */
function writtenRows([word, ...tokens]: readonly Token[]): Cell[][] | undefined {
  if (word?.kind !== 'identifier' || word.text.toUpperCase() !== 'VALUES') return undefined;
  const rows: Cell[][] = [];
  let cells = 0;
  for (let at = 0; at < tokens.length; at++) {
    if (tokens[at]?.text !== '(') return undefined;
    const end = tokens.findIndex((token, index) => index > at && token.text === ')');
    if (end < 0) return undefined;
    const row: Cell[] = [];
    for (const group of groups(tokens.slice(at + 1, end))) {
      const cell = readCell(group);
      if (cell === undefined || ++cells > MAX_CELLS) return undefined;
      row.push(cell);
    }
    rows.push(row);
    at = end + 1;
    if (at < tokens.length && (tokens[at]?.text !== ',' || at === tokens.length - 1)) return undefined;
  }
  return rows.length === 0 ? undefined : rows;
}

/** What lies between the commas. */
function groups(tokens: readonly Token[]): Token[][] {
  const all: Token[][] = [[]];
  for (const token of tokens) {
    if (token.text === ',') all.push([]);
    else all.at(-1)?.push(token);
  }
  return all;
}
