import { expect, test } from 'vitest';
import { MemoryObjectStore } from './memory.ts';
import { objectStoreSuite } from './object-store.suite.ts';

objectStoreSuite('MemoryObjectStore', async () => new MemoryObjectStore());

test('it has no local paths', () => {
  expect(new MemoryObjectStore('memory://x').localPath()).toBeUndefined();
});
