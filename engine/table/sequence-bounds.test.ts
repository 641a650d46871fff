import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundAfterLoss, boundToReserve, isBeyond, sequenceRange } from './sequence-bounds.ts';

const body = (start: bigint, increment: bigint, minimum: bigint, maximum: bigint): string =>
  `START WITH ${start} INCREMENT BY ${increment} MINVALUE ${minimum} MAXVALUE ${maximum} NO CYCLE`;

describe('what is reserved', () => {
  test('is some values more, and few where few are left', () => {
    const range = sequenceRange(body(1n, 1n, 1n, 1_000_000n));
    expect(boundToReserve(1n, range)).toBe(1025n);
    expect(boundToReserve(999_984n, range)).toBe(999_985n);
    expect(boundToReserve(999_990n, range)).toBe(999_990n);
    expect(boundToReserve(-1n, sequenceRange(body(-1n, -2n, -(10n ** 6n), -1n)))).toBe(-2049n);
  });

  test('lies within the range, at a whole number of steps, and behind the last value', () => {
    const parts = fc.record({
      increment: fc.bigInt({ min: -50n, max: 50n }).filter((value) => value !== 0n),
      minimum: fc.bigInt({ min: -5000n, max: 0n }),
      maximum: fc.bigInt({ min: 1n, max: 5000n }),
      last: fc.bigInt({ min: 0n, max: 1n }),
      edits: fc.nat(3),
    });
    fc.assert(
      fc.property(parts, ({ increment, minimum, maximum, last, edits }) => {
        const text = body(0n, increment, minimum, maximum);
        const range = sequenceRange(text);
        for (const bound of [boundToReserve(last, range), boundAfterLoss(text, last, edits)]) {
          expect((bound - last) % increment).toBe(0n);
          expect(bound >= minimum && bound <= maximum).toBe(true);
          expect(isBeyond(last, bound, range)).toBe(false);
          expect(isBeyond(bound + increment, bound, range)).toBe(true);
        }
      }),
      { seed: 7 },
    );
  });

  test('is nothing as long as no value was handed out', () => {
    expect(isBeyond(1n, undefined, sequenceRange(body(1n, 1n, 1n, 9n)))).toBe(true);
  });
});
