import { expect, test } from 'vitest';
import { Definitions } from '../../table/definition.ts';
import type { DatabaseVersion } from '../../table/version.ts';
import { readSearchPath } from './read-search-path.ts';

const schema = (
  name: string,
  definitionId: number,
): { kind: 'schema' } & Record<'schemaName' | 'name' | 'body', string> & {
    definitionId: number;
  } => ({ kind: 'schema', definitionId, schemaName: name, name, body: '' });
const version: DatabaseVersion = {
  seq: 1,
  tables: new Map(),
  definitions: new Definitions([schema('s', 1), schema('my, s', 2)]),
};

test.each([
  ['s', ['s', 'main']],
  [`'s'`, ['s', 'main']],
  [`"S"`, ['S', 'main']],
  ['main', ['main']],
  ['main, s', ['main', 's']],
  [`'s, "my, s"'`, ['s', 'my, s', 'main']],
  [`'"my, s"', main`, ['my, s', 'main']],
  ['', ['main']],
  [`''`, ['main']],
])('%s', (text, path) => expect(readSearchPath(version, text)).toEqual(path));

test.each([
  ['nope', '3F000'],
  [`'s, nope'`, '3F000'],
  ['s nope', '42601'],
  ['1', '42601'],
  ['s,', '42601'],
])('%s is refused', (text, code) => {
  expect(() => readSearchPath(version, text)).toThrow(expect.objectContaining({ code }) as Error);
});
