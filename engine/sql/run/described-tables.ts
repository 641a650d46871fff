import { quoteLiteral } from '../../table/data-type.ts';
import { qualifiedSql, type ObjectName } from '../../table/object-name.ts';
import type { TableVersion } from '../../table/version.ts';
import { identifierValue, isKeyword, significant, stringValue, tokenize, type Token } from '../lexer.ts';
import { literalRows, type Cell, type Columns } from './literal-rows.ts';

/** A cheap first look. */
const DESCRIBES = /\b(desc|describe|show|table_info|pragma_table_info)\b/i;

/**
 * A text in which `DESCRIBE t`, `SHOW t` and `table_info('t')` of our tables say what our tables have: the kernel sees views, which know no NOT NULL, keys and defaults. `find` says
 * which table a name stands for; `textOf` how a default is shown.
 */
export function withDescribedTables(
  text: string,
  find: (name: ObjectName) => TableVersion | undefined,
  textOf: (defaultSql: string) => string,
): string {
  if (!DESCRIBES.test(text)) return text;
  const tokens = significant(tokenize(text));
  let result = '';
  let copied = 0;
  for (let at = 0; at < tokens.length; at++) {
    const found = describedAt(tokens, at);
    const table = found === undefined ? undefined : find(found.name);
    if (found === undefined || table === undefined) continue;
    const sql = found.kind === 'describe' ? describeSql(table, textOf) : tableInfoSql(table, textOf);
    result += text.slice(copied, tokens[at]?.start) + (found.isRelation ? `(${sql})` : sql);
    copied = tokens[found.end - 1]?.end ?? text.length;
    at = found.end - 1;
  }
  return result + text.slice(copied);
}

interface Described {
  readonly kind: 'describe' | 'table-info';
  readonly name: ObjectName;
  /** The place of the first token behind it. */
  readonly end: number;
  /** It stands in FROM, not in the place of a query. */
  readonly isRelation: boolean;
}

function describedAt(tokens: readonly Token[], at: number): Described | undefined {
  const before = tokens[at - 1]?.text;
  const token = tokens[at];
  if (at === 0 && isKeyword(token, 'CALL') && isKeyword(tokens[1], 'PRAGMA_TABLE_INFO')) {
    return tableInfo(tokens, 2, false);
  }
  if (isKeyword(token, 'PRAGMA_TABLE_INFO') && before !== '.') return tableInfo(tokens, at + 1, true);
  if (before !== undefined && before !== '(') return undefined;
  if (isKeyword(token, 'PRAGMA') && isKeyword(tokens[at + 1], 'TABLE_INFO')) return tableInfo(tokens, at + 2, false);
  if (!['DESCRIBE', 'DESC', 'SHOW'].some((word) => isKeyword(token, word))) return undefined;
  const words = nameAt(tokens, at + 1);
  const after = words === undefined ? undefined : tokens[words.end];
  if (words === undefined || (after !== undefined && after.text !== ')' && after.text !== ';')) return undefined;
  return { kind: 'describe', ...words, isRelation: false };
}

/** `('name')` or `(name)` at a place. */
function tableInfo(tokens: readonly Token[], open: number, isRelation: boolean): Described | undefined {
  const argument = tokens[open + 1];
  if (tokens[open]?.text !== '(' || argument === undefined) return undefined;
  const quoted = stringValue(argument);
  const words = quoted === undefined ? nameAt(tokens, open + 1) : { name: nameIn(quoted), end: open + 2 };
  if (words?.name === undefined || tokens[words.end]?.text !== ')') return undefined;
  return { kind: 'table-info', name: words.name, end: words.end + 1, isRelation };
}

function nameAt(tokens: readonly Token[], at: number): { readonly name: ObjectName; readonly end: number } | undefined {
  const [first, dot, second] = tokens.slice(at, at + 3);
  const name = first === undefined ? undefined : identifierValue(first);
  if (name === undefined) return undefined;
  if (dot?.text !== '.') return { name: { name }, end: at + 1 };
  const inner = second === undefined ? undefined : identifierValue(second);
  return inner === undefined ? undefined : { name: { schemaName: name, name: inner }, end: at + 3 };
}

function nameIn(text: string): ObjectName | undefined {
  const tokens = significant(tokenize(text));
  const found = nameAt(tokens, 0);
  return found?.end === tokens.length ? found.name : undefined;
}

const FACTS: Columns = [
  ['position', 'INTEGER'],
  ['column_name', 'VARCHAR'],
  ['required', 'BOOLEAN'],
  ['"key"', 'VARCHAR'],
  ['"default"', 'VARCHAR'],
];

/** What the kernel does not know of the columns. */
function factsSql({ schema }: TableVersion, textOf: (defaultSql: string) => string): string {
  const rows = schema.columns.map((column, index): Cell[] => {
    const { id, name, required, defaultSql, generatedSql } = column;
    const isUnique = schema.unique?.some(({ columns }) => columns.includes(id)) === true;
    const key = schema.primaryKey.includes(id) ? 'PRI' : isUnique ? 'UNI' : null;
    const standard = generatedSql ?? (defaultSql === undefined ? null : textOf(defaultSql));
    return [index, name, String(required), key, standard];
  });
  return `(${literalRows(FACTS, rows)}) AS f`;
}

function describeSql(table: TableVersion, textOf: (defaultSql: string) => string): string {
  const { schemaName, name } = table;
  return `SELECT d.column_name, d.column_type, CASE WHEN f.required THEN 'NO' ELSE 'YES' END AS "null", f."key", f."default", d."extra" FROM (DESCRIBE ${qualifiedSql(schemaName, name)}) AS d JOIN ${factsSql(table, textOf)} ON d.column_name = f.column_name ORDER BY f.position`;
}

function tableInfoSql(table: TableVersion, textOf: (defaultSql: string) => string): string {
  const { schemaName, name } = table;
  return `SELECT d.cid, d.name, d.type, f.required AS "notnull", f."default" AS dflt_value, f."key" IS NOT DISTINCT FROM 'PRI' AS pk FROM pragma_table_info(${quoteLiteral(qualifiedSql(schemaName, name))}) AS d JOIN ${factsSql(table, textOf)} ON d.name = f.column_name ORDER BY f.position`;
}
