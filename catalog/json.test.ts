import { expect, test } from 'vitest';
import { parseJson, stringifyJson } from './json.ts';

test('64-bit integers keep every digit', () => {
  const text = '{"id":9223372036854775807,"low":-9223372036854775808,"small":7,"half":0.5,"big":1e300,"s":"1"}';
  const value = parseJson(text);
  expect(value).toEqual({
    id: 9223372036854775807n,
    low: -9223372036854775808n,
    small: 7,
    half: 0.5,
    big: 1e300,
    s: '1',
  });
  expect(stringifyJson(value)).toBe(text.replace('1e300', '1e+300'));
});
