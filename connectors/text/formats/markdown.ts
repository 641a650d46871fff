import type { RowsResult } from '../rows-result.ts';
import type { Output } from '../output.ts';
import { isNumeric } from '../values/type-name.ts';
import { textReader } from '../values/value-text.ts';
import { type LineFormat, printRows } from './printer.ts';

/** A table in GitHub's Markdown, numbers aligned to the right. */
export function printMarkdown(result: RowsResult, output: Output): Promise<number> {
  const { fields } = result.schema;
  const header =
    line(fields.map((field) => escape(field.name))) +
    line(fields.map(({ type }) => (isNumeric(type) ? '---:' : '---')));
  const lineReader: LineFormat['lineReader'] = (columns) => {
    const readers = columns.map(textReader);
    return (row) => line(readers.map((read) => escape(read(row) ?? 'NULL')));
  };
  return printRows(result, output, { header, lineReader, footer: '' });
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

/** What would end the cell or the row, or would vanish as a tag. */
function escape(text: string): string {
  return text.replaceAll(/[\\|<]/g, String.raw`\$&`).replaceAll(/\r\n|[\r\n]/g, '<br>');
}
