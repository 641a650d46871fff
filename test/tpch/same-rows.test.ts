import { describe, expect, test } from 'vitest';
import { difference, differenceFromPublished } from './same-rows.ts';

describe('difference', () => {
  const rows = [
    [1n, 'a'],
    [2n, null],
  ];

  test('order counts when it is total', () => {
    expect(difference(rows.toReversed(), rows, 'none')).toBeUndefined();
    expect(difference(rows.toReversed(), rows, 'total')).toContain('row 0');
  });

  test('every row counts', () => {
    expect(difference([...rows, [2n, null]], rows, 'none')).toBe('3 rows instead of 2');
    expect(difference([rows[0] ?? [], [3n, null]], rows, 'none')).toContain('row 1');
  });

  test('a DOUBLE may differ in its last digits, a whole number not at all', () => {
    expect(difference([[0.1 + 0.2]], [[0.3]], 'total')).toBeUndefined();
    expect(difference([[0.3001]], [[0.3]], 'total')).toBeDefined();
    expect(difference([[10n ** 18n + 1n]], [[10n ** 18n]], 'total')).toBeDefined();
    expect(difference([[1]], [[1n]], 'total')).toBeDefined();
  });
});

describe('differenceFromPublished', () => {
  const published = 'flag|sum|avg\nA|37734107|25.522005853257337\nB|0|\n';

  test('zeros at the end and last digits may differ', () => {
    const rows = [
      ['A', '37734107.00', '25.522005853257340'],
      ['B', '0.00', ''],
    ];
    expect(differenceFromPublished(rows, published)).toBeUndefined();
  });

  test.each([
    ['a row too few', [['A', '37734107.00', '25.522005853257337']]],
    [
      'another number',
      [
        ['A', '37734107.01', '25.522005853257337'],
        ['B', '0', ''],
      ],
    ],
    [
      'another text',
      [
        ['C', '37734107', '25.522005853257337'],
        ['B', '0', ''],
      ],
    ],
    [
      'a number for nothing',
      [
        ['A', '37734107', '25.522005853257337'],
        ['B', '0', '0'],
      ],
    ],
  ])('%s is a difference', (_, rows) => {
    expect(differenceFromPublished(rows, published)).toBeDefined();
  });
});
