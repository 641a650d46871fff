import { randomBytes, randomUUID } from 'node:crypto';
import type { Random } from '../../engine/ports/random.ts';

/** Randomness of the operating system. */
export class SystemRandom implements Random {
  bytes(length: number): Uint8Array {
    return new Uint8Array(randomBytes(length));
  }

  uuid(): string {
    return randomUUID();
  }

  positiveInt64(): bigint {
    for (;;) {
      const value = BigInt.asUintN(63, randomBytes(8).readBigUInt64BE());
      if (value !== 0n) return value;
    }
  }
}
