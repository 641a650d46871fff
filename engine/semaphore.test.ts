import { expect, test } from 'vitest';
import { Mutex } from './mutex.ts';
import { Semaphore } from './semaphore.ts';

test.each([
  ['mutex', () => new Mutex(), 1],
  ['semaphore', () => new Semaphore(3), 3],
] as const)(
  'a %s lets as many in as it has places, in the order of asking, whether they fail or not',
  async (_, make, places) => {
    const gate = make();
    let inside = 0;
    let most = 0;
    const order: number[] = [];
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_unused, index) =>
        gate.run(async () => {
          order.push(index);
          most = Math.max(most, ++inside);
          await Promise.resolve();
          await Promise.resolve();
          inside--;
          if (index % 3 === 0) throw new Error('fails');
        }),
      ),
    );
    expect(most).toBe(places);
    expect(order).toEqual(Array.from({ length: 20 }, (_unused, index) => index));
    expect(results.filter((result) => result.status === 'rejected')).toHaveLength(7);
  },
);
