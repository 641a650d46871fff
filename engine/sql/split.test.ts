import { DuckDBInstance } from '@duckdb/node-api';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isComplete, splitStatements } from './split.ts';

const texts = (sql: string): string[] => splitStatements(sql).map((statement) => statement.text);

/** Statements that a naive split at semicolons would cut. */
const statement = fc
  .array(fc.constantFrom('a', '1', "';'", '";"', "E'\\';'", '$$;$$', '$t$;$$;$t$', '/*;/*;*/;*/', '+', '(', '-- ;\n'), {
    minLength: 0,
    maxLength: 6,
  })
  // Comments around a statement are not part of it, so it begins and ends with something else.
  .map((parts) => ['select', ...parts, 'x'].join(' '));

describe('splitStatements', () => {
  test('joined statements come back', () => {
    fc.assert(
      fc.property(
        fc.array(statement, { maxLength: 5 }),
        fc.array(fc.constantFrom(';', ' ; ', ';;', ';\n-- c;\n;', '; /* ; */'), { minLength: 5, maxLength: 5 }),
        fc.boolean(),
        (statements, separators, terminated) => {
          let sql = statements.map((text, index) => (index === 0 ? text : separators[index - 1]! + text)).join('');
          if (terminated && statements.length > 0) sql += ';';
          const split = splitStatements(sql);
          expect(split.map((part) => part.text)).toEqual(statements);
          for (const part of split) expect(sql.slice(part.start, part.end)).toBe(part.text);
          expect(split.map((part) => part.terminated)).toEqual(
            statements.map((_, index) => terminated || index < statements.length - 1),
          );
        },
      ),
      { seed: 3, numRuns: 2000 },
    );
  });

  test('drops what is empty, and comments around statements', () => {
    expect(texts('')).toEqual([]);
    expect(texts(' ; -- nothing\n ;/* ; */')).toEqual([]);
    expect(texts('-- first\nselect 1 -- c ;\n; select /* in */ 2; -- last')).toEqual(['select 1', 'select /* in */ 2']);
  });

  test('what is left open stays in its statement, so that running it fails', () => {
    expect(texts("select 1; select 'a; b")).toEqual(['select 1', "select 'a; b"]);
    expect(texts('select 1 /* ; ')).toEqual(['select 1 /* ; ']);
    expect(texts('/* ;')).toEqual(['/* ;']);
  });

  test('agrees with DuckDB on how many statements a text has', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const separated = fc.array(
      fc.constantFrom(
        "||'",
        "'",
        '||$$',
        '$$',
        '||$t$',
        '$t$',
        ';\n select 1',
        ';',
        '--',
        '\n',
        '/*',
        '*/',
        "||E'",
        '\\',
        '+1',
      ),
      { maxLength: 12 },
    );
    const agreed: number[] = [];
    await fc.assert(
      fc.asyncProperty(separated, async (parts) => {
        const sql = `select 1${parts.join('')}`;
        let count: number;
        try {
          count = (await connection.extractStatements(sql)).count;
        } catch {
          return; // Not SQL to DuckDB: there is nothing to compare with.
        }
        agreed.push(count);
        expect(texts(sql), sql).toHaveLength(count);
      }),
      { seed: 4, numRuns: 2000 },
    );
    connection.closeSync();
    expect(agreed.filter((count) => count > 1).length).toBeGreaterThan(50);
  });
});

describe('isComplete', () => {
  test.each(['', '  ', '-- only a comment', 'select 1;', 'select 1; -- done', "select ';';\n", 'select 1; select 2;'])(
    'complete: %s',
    (sql) => expect(isComplete(sql)).toBe(true),
  );
  test.each(['select 1', "select ';", 'select 1 -- ;', 'select $$;', 'select 1; /* ', 'select 1; select 2', "E'\\';"])(
    'incomplete: %s',
    (sql) => expect(isComplete(sql)).toBe(false),
  );
});
