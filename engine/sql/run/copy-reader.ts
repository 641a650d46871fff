import { quoteLiteral } from '../../table/data-type.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import type { CopyLoad } from '../parse/statement.ts';
import { TokenReader } from '../parse/token-reader.ts';

export type CopyFormat = 'csv' | 'json' | 'parquet';

/** Beginnings of file names' ends. */
const EXTENSIONS: readonly (readonly [RegExp, CopyFormat])[] = [
  [/\.parquet'?$/i, 'parquet'],
  [/\.(json|jsonl|ndjson)(\.\w+)?'?$/i, 'json'],
];

export function copyFormat({ options, source }: CopyLoad): CopyFormat {
  const given = options
    .find(({ name }) => name === 'format')
    ?.valueSql?.replaceAll("'", '')
    .toLowerCase();
  if (given === 'csv' || given === 'json' || given === 'parquet') return given;
  if (given === undefined) return EXTENSIONS.find(([pattern]) => pattern.test(source))?.[1] ?? 'csv';
  throw new AlopexError(
    SqlState.featureNotSupported,
    `MAP COLUMNS and ON_ERROR read csv, json and parquet, not ${given}`,
  );
}

/** Options that COPY and the functions of the kernel call by different names. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['delimiter', 'delim'],
  ['null', 'nullstr'],
]);

/** Calls the function of the kernel that reads the file. `types` are those of columns of CSV that are to be read as what they become. */
export function readerSql(
  load: CopyLoad,
  types: ReadonlyMap<string, string>,
  more: Readonly<Record<string, string>> = {},
): string {
  const format = copyFormat(load);
  const options = load.options
    .filter(({ name }) => name !== 'format')
    .map(({ name, valueSql }) => `${NAMES.get(name) ?? name} = ${argument(valueSql)}`);
  const typed = [...types].map(([name, type]) => `${quoteLiteral(name)}: ${quoteLiteral(type)}`).join(', ');
  return `read_${format}(${[
    load.source,
    ...options,
    ...(format === 'csv' && typed !== '' ? [`types = {${typed}}`] : []),
    ...Object.entries(more).map(([name, value]) => `${name} = ${value}`),
  ].join(', ')})`;
}

/** A bare option is a switch, and names in parentheses are a list. */
function argument(valueSql: string | undefined): string {
  if (valueSql === undefined) return 'true';
  if (!valueSql.startsWith('(')) return valueSql;
  const reader = new TokenReader(new TokenReader(valueSql).group());
  const names = reader.listUntil(reader.end).map((item) => {
    const token = new TokenReader(item);
    return token.peek()?.kind === 'string' ? item : quoteLiteral(token.identifier('a name'));
  });
  return `[${names.join(', ')}]`;
}
