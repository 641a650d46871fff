import { expect, test } from 'vitest';
import { DEFAULT_LIMITS, limitsWith } from './limits.ts';

test('limits that are not given are the standard ones', () => {
  expect(limitsWith({})).toEqual(DEFAULT_LIMITS);
  expect(limitsWith({ openFiles: 7 })).toEqual({ ...DEFAULT_LIMITS, openFiles: 7 });
  expect(limitsWith({ memtableBytes: Number.MAX_SAFE_INTEGER }).memtableBytes).toBe(Number.MAX_SAFE_INTEGER);
});

test.each([
  { keyBytes: (1 << 20) + 1 },
  { valueBytes: 2 ** 30 + 1 },
  { openFiles: -1 },
  { largeRows: 1.5 },
  { logBytes: Number.NaN },
  { memory: 5 },
])('%o is refused', (given) => {
  expect(() => limitsWith(given as Partial<typeof DEFAULT_LIMITS>)).toThrow(
    expect.objectContaining({ code: '22023' }) as Error,
  );
});
