import { expect, test } from 'vitest';
import { numberParameters, pieceOf } from './parameters.ts';

test('question marks are numbered, but not in strings and comments', () => {
  expect(numberParameters('SELECT ?, \'?\', "?" -- ?\n, ?')).toBe('SELECT $1, \'?\', "?" -- ?\n, $2');
});

test('a piece gets the parameters that it names, numbered anew', () => {
  expect(pieceOf('SELECT $3, $1, $3', ['a', 'b', 'c'])).toEqual({ sql: 'SELECT $1, $2, $1', parameters: ['c', 'a'] });
  expect(pieceOf('SELECT $x', { x: 1, y: 2 })).toEqual({ sql: 'SELECT $x', parameters: { x: 1 } });
  expect(pieceOf('SELECT 1', ['a'])).toEqual({ sql: 'SELECT 1', parameters: [] });
  expect(pieceOf('SELECT 1', undefined)).toEqual({ sql: 'SELECT 1' });
});

test('a parameter without a value is an error', () => {
  expect(() => pieceOf('SELECT $2', ['a'])).toThrow(expect.objectContaining({ code: '22023' }) as Error);
  expect(() => pieceOf('SELECT $z', { x: 1 })).toThrow('$z');
});
