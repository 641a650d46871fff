import { expect, test } from 'vitest';
import { printerOf } from './formats/format.ts';
import { Output } from './output.ts';
import { plainRows, type PlainRow } from './plain-rows.ts';
import { TextSink } from './test-support/text-sink.ts';

test('text of any width and whole numbers come through, over batches', async () => {
  async function* batches(): AsyncGenerator<PlainRow[]> {
    yield [
      { name: 'Zoë', size: 1 },
      { name: '', size: -2 },
      { name: '漢字👩‍👩‍👧', size: Number.MAX_SAFE_INTEGER },
    ];
    // Halves of a pair in two rows stay apart.
    yield [
      { name: 'a\ud83d', size: 0 },
      { name: '\udc69b', size: 0 },
    ];
  }
  const sink = new TextSink();
  const print = printerOf('jsonl', { maxWidth: undefined, maxRows: undefined, types: false });
  await print(plainRows({ name: 'text', size: 'integer' }, batches()), new Output(sink));
  expect(
    sink.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { name: 'Zoë', size: 1 },
    { name: '', size: -2 },
    { name: '漢字👩‍👩‍👧', size: Number.MAX_SAFE_INTEGER },
    { name: 'a\ufffd', size: 0 },
    { name: '\ufffdb', size: 0 },
  ]);
});
