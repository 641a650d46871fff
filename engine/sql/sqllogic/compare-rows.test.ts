import { describe, expect, test } from 'vitest';
import { compareRows, isOnlyOrder, isResultHash, resultHash, sortedValues, type ExpectedRows } from './compare-rows.ts';
import type { ColumnType, Rows } from './database.ts';

const OTHER: ColumnType = { kind: 'other' };
const INTEGER: ColumnType = { kind: 'decimal', scale: 0 };

const rows = (columns: readonly ColumnType[], ...rows: (string | null)[][]): Rows => ({ kind: 'rows', columns, rows });
const difference = (result: Rows, lines: readonly string[], more: Partial<ExpectedRows> = {}): string | undefined =>
  compareRows(result, { columnCount: result.columns.length, sort: 'nosort', lines, ...more }, (text) =>
    text.replaceAll('{DIR}', '/tmp'),
  );

describe('how values are written', () => {
  test('NULL, empty text, zero bytes and booleans', () => {
    const result = rows(
      [OTHER, { kind: 'boolean' }, OTHER, OTHER],
      [null, 'true', '', 'a\0b'],
      ['NULL', 'false', ' ', 'x'],
    );
    expect(sortedValues(result, 'nosort')).toEqual(['NULL', '1', '(empty)', 'a\\0b', 'NULL', '0', ' ', 'x']);
  });

  test('a row a line, or a value a line', () => {
    const result = rows([INTEGER, OTHER], ['1', 'a'], ['2', 'b c']);
    expect(difference(result, ['1\ta', '2\tb c'])).toBeUndefined();
    expect(difference(result, ['1', 'a', '2', 'b c'])).toBeUndefined();
    expect(difference(result, ['1\t\ta', '2\tb c'])).toBeUndefined();
  });

  test('no rows', () => {
    expect(difference(rows([INTEGER, OTHER]), [])).toBeUndefined();
    expect(difference(rows([INTEGER], ['1']), [])).toMatch(/expected 0, found 1/);
  });
});

describe('differences', () => {
  const result = rows([INTEGER, OTHER], ['1', 'a'], ['2', 'b']);

  test.each([
    [['1\ta', '2\tc'], /row 2, column 2: expected "c", found "b"/],
    [['1\ta', '3\tb'], /row 2, column 1/],
    [['1\ta'], /expected 1, found 2/],
    [['1\ta', '2\tb', '3\tc'], /expected 3, found 2/],
    [['1\ta\tx', '2\tb\ty'], /columns: expected 3, found 2/],
    [['1', 'a', '2'], /no whole rows/],
    [['2\tb', '1\ta'], /row 1/],
    [['1\ta', '2\tNULL'], /row 2/],
  ])('%j', (lines, message) => {
    expect(difference(result, lines)).toMatch(message);
  });

  test('the number of columns is told by the types', () => {
    expect(difference(result, ['1\ta', '2\tb'], { columnCount: 3 })).toMatch(/columns: expected 3, found 2/);
    expect(difference(rows([]), [], { columnCount: 1 })).toMatch(/no columns/);
  });
});

describe('order', () => {
  const result = rows([OTHER, OTHER], ['b', '2'], ['a', '9'], ['b', '10']);

  test('rows by their texts', () => {
    expect(sortedValues(result, 'rowsort')).toEqual(['a', '9', 'b', '10', 'b', '2']);
  });

  test('values by themselves', () => {
    expect(sortedValues(result, 'valuesort')).toEqual(['10', '2', '9', 'a', 'b', 'b']);
  });

  test('as bytes of UTF-8 are ordered', () => {
    expect(sortedValues(rows([OTHER], ['😀'], ['\uffee'], ['z']), 'rowsort')).toEqual(['z', '\uffee', '😀']);
  });
});

describe('values that differ as text and are the same', () => {
  test.each<[ColumnType, string, string, boolean]>([
    [INTEGER, '1', '1.0', true],
    [INTEGER, '1', '01', true],
    [INTEGER, '1', '2', false],
    [INTEGER, '9007199254740993', '9007199254740992', false],
    [INTEGER, '100', '1e2', true],
    [INTEGER, '1', 'true', true],
    [{ kind: 'decimal', scale: 2 }, '1.50', '1.5', true],
    [{ kind: 'decimal', scale: 2 }, '1.50', '1.496', true],
    [{ kind: 'decimal', scale: 2 }, '-1.50', '1.50', false],
    [{ kind: 'float', bits: 64 }, '1.0', '1', true],
    [{ kind: 'float', bits: 64 }, '1.0', '1.009', true],
    [{ kind: 'float', bits: 64 }, '1.0', '1.02', false],
    [{ kind: 'float', bits: 64 }, 'NaN', 'nan', true],
    [{ kind: 'float', bits: 64 }, 'Infinity', 'inf', true],
    [{ kind: 'float', bits: 64 }, 'Infinity', '-inf', false],
    [{ kind: 'float', bits: 64 }, '0.0', 'x', false],
    [{ kind: 'float', bits: 32 }, 'Infinity', '1e39', true],
    [{ kind: 'float', bits: 64 }, 'Infinity', '1e39', false],
    [{ kind: 'boolean' }, 'true', 'True', true],
    [{ kind: 'boolean' }, 'true', 'false', false],
    [{ kind: 'boolean' }, 'true', 'yes', false],
    [OTHER, '1', '1.0', false],
    [OTHER, 'abc', '<REGEX>:a.c', true],
    [OTHER, 'abc', '<REGEX>:b', false],
    [OTHER, 'abc', '<!REGEX>:b', true],
    [OTHER, 'abc', '<!REGEX>:.*b.*', false],
    [OTHER, 'A\nC', '<REGEX>:(?i)a.c', true],
    [OTHER, 'x', '<REGEX>:(', false],
    [OTHER, '/tmp/x', '{DIR}/x', true],
  ])('%j: %s and %s', (type, actual, expected, same) => {
    expect(difference(rows([type], [actual]), [expected]) === undefined).toBe(same);
  });
});

describe('hashes', () => {
  test('are of all values with a line end after each', () => {
    expect(resultHash(['1', 'a'], (text) => JSON.stringify(text))).toBe(String.raw`2 values hashing to "1\na\n"`);
  });

  test.each([
    ['30 values hashing to 3c13dee48d9356ae19af2515e05e6b54', true],
    ['30 values hashing to 3c13dee48d9356ae19af2515e05e6b5', false],
    ['values hashing to 3c13dee48d9356ae19af2515e05e6b54', false],
  ])('%s', (line, expected) => {
    expect(isResultHash([line])).toBe(expected);
    expect(isResultHash([line, line])).toBe(false);
  });
});

describe('only the order differs', () => {
  const result = rows([INTEGER, OTHER], ['1', 'a'], ['2', 'b']);
  const isOrder = (lines: readonly string[]): boolean => isOnlyOrder(result, { columnCount: 2, lines }, (text) => text);

  test('when the rows are the same, however they are written', () => {
    expect(isOrder(['2\tb', '1\ta'])).toBe(true);
    expect(isOrder(['2', 'b', '1', 'a'])).toBe(true);
  });

  test('and not when a row is another, or values change rows', () => {
    expect(isOrder(['2\tb', '1\tc'])).toBe(false);
    expect(isOrder(['1\tb', '2\ta'])).toBe(false);
    expect(isOrder(['2\tb'])).toBe(false);
    expect(isOrder(['1', 'a', '2'])).toBe(false);
  });
});
