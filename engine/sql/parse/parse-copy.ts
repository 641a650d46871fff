import { AlopexError, SqlState } from '../../errors.ts';
import { columnList } from './parse-dml.ts';
import type { CopyLoad, CopyMapping, OptionSetting } from './statement.ts';
import { TokenReader } from './token-reader.ts';

const ACTIONS: ReadonlyMap<string, CopyLoad['onError']> = new Map([
  ['STOP', 'stop'],
  ['SKIP', 'skip'],
]);

/**
 * What stands behind `COPY name` when it has options of ours: `[(columns)] FROM 'file' (MAP COLUMNS (a => b), ON_ERROR SKIP, ERROR_TABLE name, ERROR_LIMIT n, …)`. `undefined` when it has
 * none: the kernel then takes the text as it is.
 */
export function parseCopyLoad(rest: string): CopyLoad | undefined {
  const reader = new TokenReader(rest);
  const columns = reader.peek()?.text === '(' ? columnList(reader) : undefined;
  reader.expect('FROM');
  const from = reader.position;
  const source = reader.peek()?.kind === 'string' ? reader.next().text : undefined;
  reader.accept('WITH');
  if (source === undefined || reader.peek()?.text !== '(') return undefined;
  const items = new TokenReader(reader.group());
  const load = readOptions(items.listUntil(items.end));
  if (load === undefined) return undefined;
  reader.expectEnd();
  reader.seek(from);
  if (load.mappings !== undefined && columns !== undefined) {
    throw reader.error('MAP COLUMNS names the columns: no list goes with it');
  }
  return { ...load, columns, source };
}

function readOptions(items: readonly string[]): Omit<CopyLoad, 'columns' | 'source'> | undefined {
  let mappings: CopyMapping[] | undefined;
  let onError: CopyLoad['onError'] | undefined;
  let errorTable: CopyLoad['errorTable'];
  let errorLimit: number | undefined;
  const options: OptionSetting[] = [];
  for (const item of items) {
    const reader = new TokenReader(item);
    if (reader.accept('MAP', 'COLUMNS') || reader.accept('MAP_COLUMNS')) mappings = readMappings(reader);
    else if (reader.accept('ON_ERROR')) onError = readAction(reader);
    else if (reader.accept('ERROR_TABLE')) errorTable = reader.tableName();
    else if (reader.accept('ERROR_LIMIT')) errorLimit = readLimit(reader);
    else {
      const name = reader.identifier('the name of an option').toLowerCase();
      reader.acceptSymbol('=');
      const value = reader.rest();
      options.push({ name, valueSql: value === '' ? undefined : value });
      continue;
    }
    reader.expectEnd();
  }
  const reports = errorTable !== undefined || errorLimit !== undefined;
  if (mappings === undefined && onError === undefined && !reports) return undefined;
  if (onError === 'stop' && reports) {
    throw new AlopexError(SqlState.syntaxError, 'ERROR_TABLE and ERROR_LIMIT go with ON_ERROR SKIP');
  }
  return { mappings, onError: onError ?? (reports ? 'skip' : 'stop'), errorTable, errorLimit, options };
}

/** `(expression => column, …)`: what a column of the table is loaded from. */
function readMappings(reader: TokenReader): CopyMapping[] {
  const list = new TokenReader(reader.group());
  const mappings = list.listUntil(list.end).map((item) => {
    const mapping = new TokenReader(item);
    const arrow = arrowAt(mapping);
    const valueSql = mapping.textUntil(arrow);
    if (valueSql === '' || !mapping.acceptSymbol('=>'))
      throw mapping.error('expected a column of the file => a column');
    const column = mapping.identifier('a column of the table');
    mapping.expectEnd();
    return { valueSql, column };
  });
  if (mappings.length === 0) throw reader.error('expected a column of the file => a column');
  return mappings;
}

/** Where the last `=>` is. */
function arrowAt(reader: TokenReader): number {
  for (let offset = reader.end - 1; offset >= 0; offset--) if (reader.peek(offset)?.text === '=>') return offset;
  return reader.end;
}

function readAction(reader: TokenReader): CopyLoad['onError'] {
  reader.acceptSymbol('=');
  const word = reader.peek()?.kind === 'string' ? reader.string('STOP or SKIP') : reader.identifier('STOP or SKIP');
  const action = ACTIONS.get(word.toUpperCase());
  if (action === undefined) throw reader.error(`ON_ERROR is STOP or SKIP, not ${word}`);
  return action;
}

function readLimit(reader: TokenReader): number {
  reader.acceptSymbol('=');
  const { text } = reader.next();
  if (!/^\d{1,15}$/.test(text)) throw reader.error('ERROR_LIMIT is a number of rows');
  return Number(text);
}
