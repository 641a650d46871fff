import { Field, Float64, Int32, Int64, Schema, Utf8, vectorFromArray } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import type { RowsResult } from '../rows-result.ts';
import { Output } from '../output.ts';
import { batchOf, rowsResult } from '../test-support/rows.ts';
import { SAMPLE_COLUMNS } from '../test-support/sample-columns.ts';
import { TextSink } from '../test-support/text-sink.ts';
import { displayWidth, shorten } from './display-width.ts';
import { type Format, FORMATS, printerOf } from './format.ts';
import { uniqueNames } from './json.ts';
import { fitColumns } from './layout.ts';
import { printRecords } from './record.ts';
import type { TableOptions } from './table.ts';

const PIPED: TableOptions = { maxWidth: undefined, maxRows: undefined, types: false };

async function print(format: Format, result: RowsResult, options = PIPED): Promise<string> {
  const sink = new TextSink();
  await printerOf(format, options)(result, new Output(sink));
  return sink.text;
}

const FIELDS = [new Field('id', new Int32(), true), new Field('name', new Utf8(), true)];
const batch = (ids: number[], names: (string | null)[]) =>
  batchOf(FIELDS, [vectorFromArray(ids, new Int32()), vectorFromArray(names, new Utf8())]);
const people = (): RowsResult => rowsResult([batch([1, 2], ['Zoë', null]), batch([30], ['a,"b"\n\t|\\'])]);
const empty = (): RowsResult => rowsResult([], new Schema(FIELDS));
const numbers = (count: number): RowsResult =>
  rowsResult(
    Array.from({ length: count / 5 }, (_, index) =>
      batch(
        Array.from({ length: 5 }, (_unused, row) => index * 5 + row),
        Array.from({ length: 5 }, () => 'x'),
      ),
    ),
  );

test('table shows a plan as the text that it is', async () => {
  const fields = [new Field('explain_key', new Utf8(), true), new Field('explain_value', new Utf8(), true)];
  const plan = batchOf(fields, [
    vectorFromArray(['physical_plan'], new Utf8()),
    vectorFromArray(['Tiers\n┌──┐\n└──┘\n'], new Utf8()),
  ]);
  const result = { ...rowsResult([plan]), command: 'EXPLAIN' };
  expect(await print('table', result)).toBe('Tiers\n┌──┐\n└──┘\n');
  expect(await print('table', { ...rowsResult([plan]), command: 'SELECT' })).toContain('explain_key');
});

describe('json', () => {
  test('is one array on one line, over batches', async () => {
    const text = await print('json', people());
    expect(text).toBe('[{"id":1,"name":"Zoë"},{"id":2,"name":null},{"id":30,"name":"a,\\"b\\"\\n\\t|\\\\"}]\n');
  });

  test('is an empty array without rows', async () => {
    expect(await print('json', empty())).toBe('[]\n');
  });

  test('names no key twice', async () => {
    const twice = batchOf(
      [new Field('a', new Int32(), true), new Field('a', new Int32(), true)],
      [vectorFromArray([1], new Int32()), vectorFromArray([2], new Int32())],
    );
    expect(await print('json', rowsResult([twice]))).toBe('[{"a":1,"a_1":2}]\n');
    expect(uniqueNames(['a', 'a', 'a'])).toEqual(['a', 'a_1', 'a_2']);
    expect(uniqueNames(['a', 'a', 'a_1', 'a'])).toEqual(['a', 'a_2', 'a_1', 'a_3']);
  });

  test('prints nothing when the first batch fails', async () => {
    const sink = new TextSink();
    for (const format of FORMATS) {
      const failing: RowsResult = {
        ...empty(),
        batches: { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('no')) }) },
      };
      await expect(printerOf(format, PIPED)(failing, new Output(sink))).rejects.toThrow('no');
    }
    expect(sink.text).toBe('');
  });
});

test('jsonl is an object a line', async () => {
  expect(await print('jsonl', people())).toBe(
    '{"id":1,"name":"Zoë"}\n{"id":2,"name":null}\n{"id":30,"name":"a,\\"b\\"\\n\\t|\\\\"}\n',
  );
  expect(await print('jsonl', empty())).toBe('');
});

describe('csv', () => {
  test('quotes what needs it', async () => {
    expect(await print('csv', people())).toBe('id,name\n1,Zoë\n2,\n30,"a,""b""\n\t|\\"\n');
  });

  test('tells NULL from the empty string, and has a header without rows', async () => {
    expect(await print('csv', rowsResult([batch([1, 2], ['', null])]))).toBe('id,name\n1,""\n2,\n');
    expect(await print('csv', empty())).toBe('id,name\n');
  });
});

test('tsv escapes what would end a field or line', async () => {
  expect(await print('tsv', people())).toBe('id\tname\n1\tZoë\n2\t\\N\n30\ta,"b"\\n\\t|\\\\\n');
});

test('markdown escapes pipes, and aligns numbers', async () => {
  expect(await print('markdown', people())).toBe(
    '| id | name |\n| ---: | --- |\n| 1 | Zoë |\n| 2 | NULL |\n| 30 | a,"b"<br>\t\\|\\\\ |\n',
  );
});

describe('table', () => {
  test('is a box with aligned columns and a count', async () => {
    expect(await print('table', people())).toBe(
      [
        '┌────┬─────────────┐',
        '│ id │ name        │',
        '├────┼─────────────┤',
        '│  1 │ Zoë         │',
        '│  2 │ NULL        │',
        '│ 30 │ a,"b"\\n\\t|\\ │',
        '└────┴─────────────┘',
        '(3 rows)',
        '',
      ].join('\n'),
    );
  });

  test('shows types, and counts one row', async () => {
    expect(await print('table', rowsResult([batch([1], ['x'])]), { ...PIPED, types: true })).toBe(
      [
        '┌─────────┬─────────┐',
        '│      id │ name    │',
        '│ integer │ varchar │',
        '├─────────┼─────────┤',
        '│       1 │ x       │',
        '└─────────┴─────────┘',
        '(1 row)',
        '',
      ].join('\n'),
    );
  });

  test('aligns wide characters', async () => {
    const text = await print('table', rowsResult([batch([1, 2, 3, 4], ['漢字', 'e\u0301', '👩‍👩‍👧', '🇵🇱x'])]));
    const lines = text.split('\n').slice(0, -2);
    expect(lines.map(displayWidth)).toEqual(lines.map(() => displayWidth(lines[0]!)));
    expect(text).toContain('│  1 │ 漢字 │');
    expect(text).toContain('│  2 │ e\u0301    │');
  });

  test('lets no data steer the terminal', async () => {
    const text = await print('table', rowsResult([batch([1], ['\u001b[31mred\u0007\u202e'])]));
    expect(text).toContain('│ \\x1b[31mred\\x07\\u202e │');
  });

  test('is never wider than the terminal', async () => {
    const long = batch([1], ['long '.repeat(50)]);
    const text = await print('table', rowsResult([long]), { ...PIPED, maxWidth: 40 });
    expect(text.split('\n').map(displayWidth)).toEqual([40, 40, 40, 40, 40, 7, 0]);
    expect(text).toContain('…');
    expect(await print('table', rowsResult([long]))).toContain('long '.repeat(50));
  });

  test('leaves out columns in the middle when there are too many', async () => {
    const fields = Array.from({ length: 20 }, (_, index) => new Field(`column${index}`, new Int32(), true));
    const wide = batchOf(
      fields,
      fields.map((_, index) => vectorFromArray([index], new Int32())),
    );
    const text = await print('table', rowsResult([wide]), { ...PIPED, maxWidth: 60 });
    for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(60);
    expect(text).toMatch(/│ +0 │.* … .*│ +19 │/);
    expect(text).toMatch(/\(1 row; 20 columns, \d+ shown\)/);
  });

  test.each([5, 40, 45, 200])('shows the first and last rows of %d', async (count) => {
    const text = await print('table', numbers(count), { ...PIPED, maxRows: 10 });
    const shown = [...text.matchAll(/│ +(\d+) │/g)].map(([, id]) => Number(id));
    const all = Array.from({ length: count }, (_, index) => index);
    expect(shown).toEqual(count <= 10 ? all : [...all.slice(0, 5), ...all.slice(-5)]);
    expect(text).toContain(count <= 10 ? `(${count} rows)` : `(${count} rows; 10 shown, \\rows all shows all)`);
  });

  test('shows all rows without a limit', async () => {
    const text = await print('table', numbers(200));
    expect([...text.matchAll(/│ +\d+ │/g)]).toHaveLength(200);
  });
});

test('records stand one below the other', async () => {
  const sink = new TextSink();
  expect(await printRecords(people(), new Output(sink))).toBe(3);
  expect(sink.text).toContain('id    1\nname  Zoë\n\nid    2\nname  NULL\n\n');
});

test.each(Object.entries(SAMPLE_COLUMNS))('every format prints %s', async (name, { vector, texts, json }) => {
  const result = (): RowsResult => rowsResult([batchOf([new Field(name, vector.type, true)], [vector])]);
  const parsed = JSON.parse(await print('json', result())) as Record<string, unknown>[];
  expect(parsed).toEqual(json.map((text) => ({ [name]: JSON.parse(text) as unknown })));
  expect(await print('jsonl', result())).toBe(json.map((text) => `{"${name}":${text}}\n`).join(''));
  for (const format of ['csv', 'tsv', 'markdown', 'table'] as const) {
    const text = await print(format, result());
    for (const value of texts) {
      if (value !== null && /^[\w .:+-]+$/.test(value)) expect(text).toContain(value);
    }
  }
});

describe('widths', () => {
  test.each([
    ['abc', 3],
    ['', 0],
    ['żółć', 4],
    ['漢字', 4],
    ['한글', 4],
    ['ｆｕｌｌ', 8],
    ['e\u0301', 1],
    ['😀', 2],
    ['👩‍👩‍👧', 2],
    ['🇵🇱', 2],
    ['❤️', 2],
    ['a\u200bb', 2],
  ])('%s takes %d', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  test('shortening never exceeds the width', () => {
    expect(shorten('abcdef', 6)).toBe('abcdef');
    expect(shorten('abcdef', 4)).toBe('abc…');
    expect(shorten('漢字漢字', 4)).toBe('漢…');
  });

  test('the widest columns give way first', () => {
    expect(fitColumns([5, 100, 10], 200).widths).toEqual([5, 100, 10]);
    expect(fitColumns([5, 100, 10], 60)).toEqual({ columns: [0, 1, 2], widths: [5, 35, 10] });
    expect(fitColumns([100, 100], 27).widths).toEqual([10, 10]);
    expect(fitColumns([50], 5)).toEqual({ columns: [0, undefined], widths: [4, 1] });
  });
});

test('numbers are aligned to the right in every numeric type', async () => {
  const wide = batchOf(
    [new Field('big_number', new Int64(), true), new Field('real_number', new Float64(), true)],
    [vectorFromArray([1n], new Int64()), vectorFromArray([2], new Float64())],
  );
  expect(await print('table', rowsResult([wide]))).toContain('│          1 │         2.0 │');
});
