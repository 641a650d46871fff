import type { Data } from 'apache-arrow';
import type { RowsResult } from '../rows-result.ts';
import type { Output } from '../output.ts';
import { jsonReader } from '../values/value-json.ts';
import { type LineFormat, printRows } from './printer.ts';

/** One array of row objects, on one line. */
export function printJson(result: RowsResult, output: Output): Promise<number> {
  let separator = '';
  const object = objectReader(result);
  const lineReader: LineFormat['lineReader'] = (columns) => {
    const read = object(columns);
    return (row) => {
      const text = separator + read(row);
      separator = ',';
      return text;
    };
  };
  return printRows(result, output, { header: '[', lineReader, footer: ']\n' });
}

/** One row object a line. */
export function printJsonLines(result: RowsResult, output: Output): Promise<number> {
  const object = objectReader(result);
  const lineReader: LineFormat['lineReader'] = (columns) => {
    const read = object(columns);
    return (row) => `${read(row)}\n`;
  };
  return printRows(result, output, { header: '', lineReader, footer: '' });
}

function objectReader(result: RowsResult): (columns: readonly Data[]) => (row: number) => string {
  const keys = uniqueNames(result.schema.names.map(String)).map((name) => JSON.stringify(name));
  return (columns) => {
    const readers = columns.map(jsonReader);
    return (row) => `{${readers.map((read, index) => `${keys[index]!}:${read(row)}`).join(',')}}`;
  };
}

/** Names of which none comes twice: `id, id` are `id, id_1`, as DuckDB names the columns of a subquery. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  // A suffixed name must not take the name of a later column.
  const given = new Set(names);
  return names.map((name) => {
    let unique = name;
    for (let suffix = 1; taken.has(unique) || (unique !== name && given.has(unique)); suffix++) {
      unique = `${name}_${suffix}`;
    }
    taken.add(unique);
    return unique;
  });
}
