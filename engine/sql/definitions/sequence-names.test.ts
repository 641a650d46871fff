import { describe, expect, test } from 'vitest';
import { Definitions } from '../../table/definition.ts';
import { withKernelSequences, withSequenceNames } from './sequence-names.ts';

const sequence = { kind: 'sequence', body: '' } as const;
const definitions = new Definitions([
  { ...sequence, definitionId: 4, schemaName: 'main', name: 'q' },
  { ...sequence, definitionId: 12, schemaName: 's', name: 'Q' },
  { ...sequence, definitionId: 7, schemaName: 'my s', name: 'it.is' },
]);

describe('names of sequences in a text', () => {
  test.each([
    [`SELECT nextval('q')`, `SELECT nextval('alopex_store.main.seq_4')`],
    [`SELECT NEXTVAL ( /* the */ 'Q' ), 'q'`, `SELECT NEXTVAL ( /* the */ 'alopex_store.main.seq_4' ), 'q'`],
    [`SELECT currval('s.q')`, `SELECT currval('alopex_store.main.seq_12')`],
    [`SELECT nextval('"My S"."it.is"')`, `SELECT nextval('alopex_store.main.seq_7')`],
    [`SELECT nextval($$q$$)`, `SELECT nextval('alopex_store.main.seq_4')`],
    [`SELECT nextval('nope'), nextval(q), nextval('a b'), nextval('''q''')`, undefined],
    [`SELECT 'nextval(''q'')', lastval('q')`, undefined],
    ['SELECT 1', undefined],
  ])('%s', (text, expected) => {
    expect(withKernelSequences(text, definitions, ['main']).text).toBe(expected ?? text);
  });

  test('are looked for along the search path', () => {
    expect(withKernelSequences(`nextval('q')`, definitions, ['s', 'main']).text).toContain('seq_12');
  });

  test('can be told as they were typed, and as they are now', () => {
    const { text, typed } = withKernelSequences(`nextval('S.q')`, definitions, ['main']);
    expect([...typed]).toEqual([[`'alopex_store.main.seq_12'`, `'S.q'`]]);
    expect(withSequenceNames(text, definitions)).toBe(`nextval('s.Q')`);
    expect(withSequenceNames(`nextval('alopex_store.main.seq_1')`, definitions)).toContain('seq_1');
  });
});
