import { expect, test } from 'vitest';
import { TransferTuning } from './transfer-tuning.ts';

const KIB = 1024;

function tuned(latencyMs: number, bytesPerMs: number): TransferTuning {
  const tuning = new TransferTuning();
  for (let request = 0; request < 100; request++) {
    for (const sizeBytes of [4 * KIB, 4096 * KIB]) tuning.note(sizeBytes, latencyMs + sizeBytes / bytesPerMs);
  }
  return tuning;
}

test('far away, larger gaps are worth while and pieces are longer than near by', () => {
  const [near, far] = [tuned(1, 100 * KIB).tuning, tuned(50, 80 * KIB).tuning];
  expect(near.gapBytes).toBeLessThan(150 * KIB);
  expect(far.gapBytes).toBeGreaterThan(500 * KIB);
  expect(far.pieceBytes).toBeGreaterThan(4 * near.pieceBytes);
});

test('stays within bounds, whatever the clock says', () => {
  for (const tuning of [tuned(0, 1), tuned(10_000, 1e9), tuned(-5, 1e9)]) {
    const { gapBytes, pieceBytes } = tuning.tuning;
    expect(gapBytes).toBeGreaterThanOrEqual(16 * KIB);
    expect(gapBytes).toBeLessThanOrEqual(KIB * KIB);
    expect(pieceBytes).toBeGreaterThanOrEqual(KIB * KIB);
    expect(pieceBytes).toBeLessThanOrEqual(16 * KIB * KIB);
  }
});
