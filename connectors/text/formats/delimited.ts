import { textReader } from '../values/value-text.ts';
import { type LineFormat, type Printer, printRows } from './printer.ts';

interface Dialect {
  readonly separator: string;
  readonly nullText: string;
  readonly field: (text: string) => string;
}

const DIALECTS: Readonly<Record<'csv' | 'tsv', Dialect>> = {
  // RFC 4180, but for the line end, which is a plain newline as in psql and DuckDB. Only NULL is an empty field.
  csv: {
    separator: ',',
    nullText: '',
    field: (text) => (text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text),
  },
  // PostgreSQL's text format of COPY: no quotes, so that a field never spans lines, and \N for NULL.
  tsv: {
    separator: '\t',
    nullText: '\\N',
    field: (text) => (/[\t\r\n\\]/.test(text) ? text.replaceAll(/[\t\r\n\\]/g, (found) => TSV_ESCAPES[found]!) : text),
  },
};

const TSV_ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\' };

/** Fields between separators, with a line of column names first. */
export function delimitedPrinter(dialect: 'csv' | 'tsv'): Printer {
  const { separator, nullText, field } = DIALECTS[dialect];
  const lineReader: LineFormat['lineReader'] = (columns) => {
    const readers = columns.map(textReader);
    return (row) => {
      const fields = readers.map((read) => {
        const text = read(row);
        return text === null ? nullText : field(text);
      });
      return `${fields.join(separator)}\n`;
    };
  };
  return (result, output) => {
    const header = `${result.schema.names.map((name) => field(String(name))).join(separator)}\n`;
    return printRows(result, output, { header, lineReader, footer: '' });
  };
}
