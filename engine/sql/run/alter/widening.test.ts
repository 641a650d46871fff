import { expect, test } from 'vitest';
import { fieldIdsFrom, typeSql } from '../../../table/data-type.ts';
import type { DataType } from '../../../table/schema.ts';
import { storageType } from '../../../table/storage-type.ts';
import { parseDataType } from '../../../table/type-parser.ts';
import { refuseNarrowing } from './widening.ts';

const type = (sql: string): DataType => parseDataType(sql, 'c', fieldIdsFrom(0));

const NAMES = [
  ...'TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER UBIGINT HUGEINT FLOAT DOUBLE DATE'.split(' '),
  ...'TIMESTAMP TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS VARCHAR JSON BLOB INTEGER[]'.split(' '),
  ...'DECIMAL(5,2) DECIMAL(9,2) DECIMAL(9,3)'.split(' '),
  "ENUM('a')",
  "ENUM('b', 'a')",
];

/** What the table format lets a type become. */
const PROMOTIONS = new Set(['INTEGER BIGINT', 'FLOAT DOUBLE', 'DECIMAL(5, 2) DECIMAL(9, 2)']);

test('types become only what Iceberg lets the stored types become', () => {
  const widened: string[] = [];
  for (const from of NAMES) {
    for (const to of NAMES) {
      if (from === to) continue;
      try {
        refuseNarrowing('c', type(from), type(to));
      } catch (error) {
        expect(error).toMatchObject({ code: '0A000' });
        continue;
      }
      const [before, after] = [from, to].map((name) => typeSql(storageType(type(name))));
      expect(before === after || PROMOTIONS.has(`${before} ${after}`), `${from} to ${to}`).toBe(true);
      widened.push(`${from} ${to}`);
    }
  }
  expect(widened).toContain('SMALLINT BIGINT');
  expect(widened).toContain(`ENUM('a') ENUM('b', 'a')`);
  expect(widened).not.toContain('BIGINT INTEGER');
  expect(widened).not.toContain('UINTEGER INTEGER');
  expect(widened).not.toContain(`ENUM('b', 'a') ENUM('a')`);
});
