import { expect, test } from 'vitest';
import { NO_DEFINITIONS } from '../table/definition.ts';
import type { DatabaseVersion } from '../table/version.ts';
import { Pins } from './pins.ts';

const version = (seq: number): DatabaseVersion => ({
  seq,
  tables: new Map(),
  definitions: NO_DEFINITIONS,
});

test('garbage waits for every reader of a version that can name it', async () => {
  const pins = new Pins(() => undefined);
  const removed: string[] = [];
  const first = pins.pin(version(1));
  const again = pins.pin(version(1));
  const second = pins.pin(version(2));
  pins.discard(2, () => Promise.resolve(void removed.push('until 1')));
  pins.discard(3, () => Promise.resolve(void removed.push('until 2')));
  pins.collect();
  first.release();
  first.release(); // A second release of the same pin is not another reader's.
  await pins.settled();
  expect(removed).toEqual([]);
  again.release();
  await pins.settled();
  expect(removed).toEqual(['until 1']);
  second.release();
  await pins.settled();
  expect(removed).toEqual(['until 1', 'until 2']);
});

test('what cannot be removed is told, and the rest goes on', async () => {
  const errors: unknown[] = [];
  const pins = new Pins((error) => errors.push(error));
  const removed: string[] = [];
  pins.discard(1, () => Promise.reject(new Error('busy')));
  pins.discard(1, () => Promise.resolve(void removed.push('next')));
  pins.collect();
  await pins.settled();
  expect(errors).toHaveLength(1);
  expect(removed).toEqual(['next']);
});

test('what a reader holds when the database is closed is left alone', async () => {
  const errors: unknown[] = [];
  const pins = new Pins((error) => errors.push(error));
  const held = pins.pin(version(1));
  const removed: string[] = [];
  pins.discard(2, () => Promise.resolve(void removed.push('held')));
  pins.collect();
  await pins.close();
  held.release();
  await pins.settled();
  expect(removed).toEqual([]);
  expect(errors).toEqual([]);
});
