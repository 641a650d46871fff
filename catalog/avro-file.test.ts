import { describe, expect, test } from 'vitest';
import { decodeAvroFile, encodeAvroFile, unwrap } from './avro-file.ts';

const schema = {
  type: 'record',
  name: 'r',
  fields: [
    { name: 'n', type: 'long', 'field-id': 7 },
    { name: 't', type: ['null', 'string'], default: null, 'field-id': 8 },
  ],
};
const sync = Buffer.alloc(16, 5);

describe('Avro files', () => {
  test('records of several blocks come back, longs exactly', () => {
    const records = Array.from({ length: 5000 }, (_, index) => ({
      n: (1n << 62n) + BigInt(index),
      t: index % 3 === 0 ? null : { string: `text ${'x'.repeat(40)} ${String(index)}` },
    }));
    const bytes = encodeAvroFile(schema, { a: 'ä' }, records, sync);
    const file = decodeAvroFile(bytes);
    expect(bytes.toString('latin1').split(sync.toString('latin1')).length - 1).toBeGreaterThan(3);
    expect(file.records).toEqual(records);
    expect(unwrap((file.records[1] as (typeof records)[number]).t)).toBe(records[1]?.t?.string);
    expect(Object.fromEntries(file.header)).toEqual({ a: 'ä' });
  });

  test('the header keeps the field ids', () => {
    expect(decodeAvroFile(encodeAvroFile(schema, {}, [], sync)).schema).toEqual(schema);
  });

  test('a file that ends early is refused wherever it ends inside of a part', () => {
    const bytes = encodeAvroFile(schema, {}, [{ n: 1n, t: null }], sync);
    const headerEnd = bytes.indexOf(sync) + sync.length;
    for (let length = 0; length < bytes.length; length++) {
      if (length !== headerEnd) expect(() => decodeAvroFile(bytes.subarray(0, length))).toThrow();
    }
  });
});
