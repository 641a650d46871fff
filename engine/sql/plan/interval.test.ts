import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tmpdir } from 'node:os';
import { DuckDbKernel } from '../../kernel/duckdb-kernel.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import { parseBound } from '../../table/bound-text.ts';
import type { PrimitiveType } from '../../table/schema.ts';
import { significant, tokenize } from '../lexer.ts';
import { applyConversions } from './conversion.ts';
import { LiteralReader } from './literal-reader.ts';
import type { TruncateUnit } from './predicate.ts';
import { TokenCursor } from './token-cursor.ts';

let kernel: DuckDbKernel;
let connection: KernelConnection;
beforeAll(async () => {
  kernel = await DuckDbKernel.open({ tempFolder: tmpdir(), threads: 1 });
  connection = await kernel.connect();
});
afterAll(() => kernel.close());

const days = fc
  .integer({ min: -100_000, max: 100_000 })
  .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10));
const clocks = fc.integer({ min: 0, max: 86_399_999 }).map((time) => new Date(time).toISOString().slice(11, 23));
const moments = fc.oneof(
  days.map((day) => `DATE '${day}'`),
  fc.tuple(days, clocks).map(([day, clock]) => `TIMESTAMP '${day} ${clock}'`),
  fc.tuple(days, clocks).map(([day, clock]) => `TIMESTAMPTZ '${day} ${clock}+00'`),
);
const units = fc.constantFrom('year', 'quarter', 'months', 'week', 'days', 'hour', 'minutes', 'second');
const counts = fc.integer({ min: -40, max: 40 });
const intervals = fc.oneof(
  fc.tuple(fc.nat({ max: 40 }), units).map(([count, unit]) => `INTERVAL ${count} ${unit}`),
  fc.tuple(counts, units).map(([count, unit]) => `INTERVAL '${count}' ${unit}`),
  fc.tuple(counts, units).map(([count, unit]) => `INTERVAL (${Math.abs(count)}) ${unit}`),
  fc
    .tuple(counts, units, counts, units)
    .map(([first, unit, second, other]) => `INTERVAL '${first} ${unit} ${second} ${other}'`),
);

test('sums of times and intervals are those of the kernel', async () => {
  const shifts = fc.array(fc.tuple(fc.constantFrom('+', '-'), intervals), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(moments, shifts, async (moment, list) => {
      const sql = moment + list.map(([sign, interval]) => ` ${sign} ${interval}`).join('');
      const cursor = new TokenCursor(significant(tokenize(sql)));
      const value = new LiteralReader(cursor, false).value();
      expect(cursor.atEnd).toBe(true);
      const [row] = await connection.rows(`SELECT typeof(${sql}) AS type, (${sql})::VARCHAR AS text`);
      expect(value).toMatchObject({ type: { name: row?.['type'] } });
      const literal = value as { text: string; type: PrimitiveType };
      expect(parseBound(literal.text, literal.type)).toBe(parseBound(String(row?.['text']), literal.type));
    }),
    { seed: 3, numRuns: 300 },
  );
});

test('times are cut down as by the kernel', async () => {
  const cuts = fc.constantFrom<TruncateUnit>('year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second');
  await fc.assert(
    fc.asyncProperty(days, clocks, fc.boolean(), cuts, async (day, clock, isDate, unit) => {
      const type: PrimitiveType = { kind: 'primitive', name: isDate ? 'DATE' : 'TIMESTAMP' };
      const text = isDate ? day : `${day} ${clock}`;
      const converted = applyConversions(type, [{ kind: 'truncate', unit }]);
      const sql = `date_trunc('${unit}', ${type.name} '${text}')`;
      const [row] = await connection.rows(`SELECT typeof(${sql}) AS type, (${sql})::VARCHAR AS text`);
      expect(converted?.type.name).toBe(row?.['type']);
      const bound = parseBound(text, type);
      expect(bound === undefined ? undefined : converted?.convert(bound)).toBe(
        parseBound(String(row?.['text']), converted?.type ?? type),
      );
    }),
    { seed: 4, numRuns: 300 },
  );
});
