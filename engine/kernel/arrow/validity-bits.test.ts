import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ValidityBits } from './validity-bits.ts';

const step = fc.oneof(
  fc.record({
    kind: fc.constant('bitmap' as const),
    bits: fc.array(fc.boolean(), { maxLength: 40 }),
    skip: fc.nat(20),
  }),
  fc.record({ kind: fc.constant('ones' as const), count: fc.nat(30) }),
  fc.record({ kind: fc.constant('nulls' as const), count: fc.nat(30) }),
);

test('bits are those that were appended, at any alignment', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const validity = new ValidityBits();
      const expected: boolean[] = [];
      for (const step of steps) {
        if (step.kind === 'ones') {
          validity.append(null, 3, step.count);
          expected.push(...Array.from({ length: step.count }, () => true));
        } else if (step.kind === 'nulls') {
          validity.appendNulls(step.count);
          expected.push(...Array.from({ length: step.count }, () => false));
        } else {
          const start = Math.min(step.skip, step.bits.length);
          // Ones past the end must not leak into what comes next.
          const bitmap = new Uint8Array(10).fill(0xff);
          step.bits.forEach((bit, index) => {
            if (!bit) bitmap[index >> 3]! &= ~(1 << (index & 7));
          });
          validity.append(bitmap, start, step.bits.length - start);
          expected.push(...step.bits.slice(start));
        }
      }
      expect(validity.length).toBe(expected.length);
      const { bitmap, nullCount } = validity.take();
      expect(nullCount).toBe(expected.filter((bit) => !bit).length);
      if (nullCount === 0) {
        expect(bitmap).toBeNull();
        return;
      }
      expect(bitmap).toHaveLength((expected.length + 7) >> 3);
      expect(expected.map((_, index) => (bitmap![index >> 3]! & (1 << (index & 7))) !== 0)).toEqual(expected);
      expect(validity.length).toBe(0);
    }),
    { seed: 7, numRuns: 500 },
  );
});
