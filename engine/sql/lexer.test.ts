import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { identifierValue, isKeyword, significant, stringValue, tokenize } from './lexer.ts';

/** Significant tokens as `kind:text`, for short expectations. */
function kinds(sql: string): string[] {
  return significant(tokenize(sql)).map((token) => `${token.kind}:${token.text}`);
}

/** Text made of the pieces that decide about token borders, so that random texts get into every corner. */
const sqlLike = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "'",
        '"',
        '$',
        '$$',
        '$t$',
        '--',
        '/*',
        '*/',
        ';',
        '\\',
        '\n',
        '\r',
        ' ',
        '?',
        '#',
        '@',
        '-',
        '+',
      ),
      fc.constantFrom('E', 'u&', 'x', 'a', 'é', '1', '_', '.', '1e', ':', '\u00a0', '\u3000', '\u0000', '😀', '\ud800'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

describe('tokenize', () => {
  test('is total and loses nothing: the texts put together are the input', () => {
    fc.assert(
      fc.property(sqlLike, (sql) => {
        const tokens = tokenize(sql);
        expect(tokens.map((token) => token.text).join('')).toBe(sql);
        let at = 0;
        for (const token of tokens) {
          expect(token.start).toBe(at);
          expect(token.end).toBeGreaterThan(token.start);
          expect(sql.slice(token.start, token.end)).toBe(token.text);
          at = token.end;
        }
        // Only the end of the text can leave something open.
        expect(tokens.slice(0, -1).every((token) => !token.unterminated)).toBe(true);
      }),
      { seed: 1, numRuns: 5000 },
    );
  });

  test('tells the kinds apart', () => {
    expect(kinds(`SELECT "a""b", 'it''s', 1.5e-3, $1, $name, ? FROM t$x WHERE é <> -1`)).toEqual([
      'identifier:SELECT',
      'quotedIdentifier:"a""b"',
      'punctuation:,',
      "string:'it''s'",
      'punctuation:,',
      'number:1.5e-3',
      'punctuation:,',
      'parameter:$1',
      'punctuation:,',
      'parameter:$name',
      'punctuation:,',
      'parameter:?',
      'identifier:FROM',
      'identifier:t$x',
      'identifier:WHERE',
      'identifier:é',
      'operator:<>',
      'operator:-',
      'number:1',
    ]);
  });

  test('numbers end where DuckDB ends them', () => {
    expect(kinds('1_000')).toEqual(['number:1_000']);
    expect(kinds('100_')).toEqual(['number:100', 'identifier:_']);
    expect(kinds('0x1F')).toEqual(['number:0', 'identifier:x1F']);
    expect(kinds('1.')).toEqual(['number:1.']);
    expect(kinds('.5')).toEqual(['number:.5']);
    expect(kinds('1.2.3')).toEqual(['number:1.2', 'number:.3']);
    expect(kinds('1..2')).toEqual(['number:1', 'punctuation:..', 'number:2']);
    expect(kinds('1e5 1e')).toEqual(['number:1e5', 'number:1', 'identifier:e']);
    expect(kinds('t.1')).toEqual(['identifier:t', 'number:.1']);
  });

  test('operators leave signs to the operand and stop at comments', () => {
    expect(kinds('a=-1')).toEqual(['identifier:a', 'operator:=', 'operator:-', 'number:1']);
    expect(kinds('x->-1')).toEqual(['identifier:x', 'operator:->', 'operator:-', 'number:1']);
    expect(kinds('2 @-1')).toEqual(['number:2', 'operator:@-', 'number:1']);
    expect(kinds('j->>0')).toEqual(['identifier:j', 'operator:->>', 'number:0']);
    expect(kinds('5--3')).toEqual(['number:5']);
    expect(kinds('4*/*c*/2')).toEqual(['number:4', 'operator:*', 'number:2']);
    expect(kinds('1::int')).toEqual(['number:1', 'operator:::', 'identifier:int']);
    expect(kinds('a := 1')).toEqual(['identifier:a', 'operator::=', 'number:1']);
    expect(kinds('=?-1')).toEqual(['operator:=', 'parameter:?', 'operator:-', 'number:1']);
    expect(kinds('VERSION => 42')).toEqual(['identifier:VERSION', 'operator:=>', 'number:42']);
  });

  test('comments nest and line comments end at either line end', () => {
    expect(kinds('1 /* a /* b */ ; */ + 2 /*/ x */')).toEqual(['number:1', 'operator:+', 'number:2']);
    expect(kinds('-- x\r1 -- y\n2 -- z')).toEqual(['number:1', 'number:2']);
    expect(tokenize('/* a /* b */').at(-1)).toMatchObject({ kind: 'comment', unterminated: true });
    expect(tokenize('-- z').at(-1)).toMatchObject({ kind: 'comment', unterminated: false });
  });

  test('an unterminated comment stays significant, since it is a mistake to report', () => {
    expect(kinds('1 /* x')).toEqual(['number:1', 'comment:/* x']);
  });

  test.each(["'a", "'a''", "E'a\\'", '"a', '"a""', '$$a', '$t$a$$', "x'a"])('%s is unterminated', (sql) => {
    const tokens = tokenize(sql);
    expect(tokens).toHaveLength(1);
    expect(tokens[0]).toMatchObject({ unterminated: true, end: sql.length });
  });

  test('a dollar inside a name quotes nothing', () => {
    expect(kinds('a$$b;c$$')).toEqual(['identifier:a$$b', 'punctuation:;', 'identifier:c$$']);
  });

  test('bit strings have no doubled quotes', () => {
    expect(kinds("x'a''b'")).toEqual(["string:x'a'", "string:'b'"]);
  });
});

describe('values', () => {
  test.each([
    ["'it''s'", "it's"],
    ["'\\n'", '\\n'],
    ["E'a\\n\\'\\\\''\\x41\\101\\q'", "a\n'\\'AAq"],
    ["e'\\u00e9\\U0001F600'", 'é😀'],
    ['$$a;$b$$', 'a;$b'],
    ['$t$a$$b$t$', 'a$$b'],
    ["n'x'", 'x'],
    ["'", ''],
    ["'a", 'a'],
  ])('the string %s', (sql, value) => {
    const tokens = tokenize(sql);
    expect(tokens).toHaveLength(1);
    expect(stringValue(tokens[0]!)).toBe(value);
    expect(identifierValue(tokens[0]!)).toBeUndefined();
  });

  test('names lose their quotes and keep their case', () => {
    expect(tokenize('Abc').map(identifierValue)).toEqual(['Abc']);
    expect(tokenize('"A ""b"""').map(identifierValue)).toEqual(['A "b"']);
    expect(tokenize('12').map(identifierValue)).toEqual([undefined]);
    expect(tokenize('abc').map(stringValue)).toEqual([undefined]);
  });

  test('any text survives quoting', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(stringValue(tokenize(`'${value.replaceAll("'", "''")}'`)[0]!)).toBe(value);
        expect(identifierValue(tokenize(`"${value.replaceAll('"', '""')}"`)[0]!)).toBe(value);
      }),
      { seed: 2 },
    );
  });

  test('keywords match in any case, but not quoted', () => {
    expect(isKeyword(tokenize('select')[0], 'SELECT')).toBe(true);
    expect(isKeyword(tokenize('"SELECT"')[0], 'SELECT')).toBe(false);
    expect(isKeyword(undefined, 'SELECT')).toBe(false);
  });
});
