import { expect, test } from 'vitest';
import { Definitions, type Definition, type DefinitionKind } from '../../table/definition.ts';
import { MAIN_PATH, objectKey, type SearchPath } from '../../table/object-name.ts';
import type { DatabaseVersion, TableVersion } from '../../table/version.ts';
import { namesIn, referencesOf } from './references.ts';

function definition(kind: DefinitionKind, name: string, body: string, schemaName = 'main'): Definition {
  return { definitionId: 1, kind, schemaName, name, body };
}

function version(tables: readonly string[], definitions: readonly Definition[]): DatabaseVersion {
  const versions = tables.map((text) => {
    const [name = '', schemaName = 'main'] = text.split('.').toReversed();
    return { schemaName, name } as TableVersion;
  });
  return {
    seq: 1,
    tables: new Map(versions.map((table) => [objectKey(table.schemaName, table.name), table])),
    definitions: new Definitions(definitions),
  };
}

function found(database: DatabaseVersion, text: string, path: SearchPath = MAIN_PATH): string[][] {
  const { tables, definitions } = referencesOf(database, namesIn(text), path);
  const nameOf = ({ schemaName, name }: TableVersion | Definition): string => `${schemaName}.${name}`;
  return [tables.map(nameOf).toSorted(), definitions.map(nameOf)];
}

test('names are followed through views and macros down to tables, each after what it needs', () => {
  const database = version(
    ['t', 'u', 's.t', 'unused'],
    [
      definition('view', 'top', 'AS SELECT m(x) FROM middle JOIN u USING (x)'),
      definition('view', 'middle', 'AS FROM s.t'),
      definition('macro', 'm', '(a) AS inner_m(a)'),
      definition('macro', 'inner_m', '(a) AS (SELECT max(x) FROM t)'),
      definition('view', 'other', 'AS FROM unused'),
      definition('sequence', 'x', ''),
      definition('schema', 's', '', 's'),
    ],
  );
  const [tables, definitions] = found(database, 'SELECT * FROM "Top"');
  expect(tables).toEqual(['main.t', 'main.u', 's.t']);
  expect(definitions?.indexOf('main.inner_m')).toBeLessThan(definitions?.indexOf('main.m') ?? 0);
  expect(definitions?.at(-1)).toBe('main.top');
  expect(definitions?.toSorted()).toEqual(['main.inner_m', 'main.m', 'main.middle', 'main.top']);
});

test('a plain name reaches the search path and no further; in a view, its own schema too', () => {
  const database = version(
    ['t', 's.t'],
    [definition('view', 'v', 'AS FROM t', 's'), definition('schema', 's', '', 's')],
  );
  expect(found(database, 'FROM t')).toEqual([['main.t'], []]);
  expect(found(database, 'FROM t', ['s', 'main'])).toEqual([['main.t', 's.t'], []]);
  expect(found(database, 'FROM v')).toEqual([[], []]);
  expect(found(database, 'FROM s.v')).toEqual([['main.t', 's.t'], ['s.v']]);
});

test('definitions that name each other come once', () => {
  const database = version([], [definition('view', 'a', 'AS FROM b'), definition('view', 'b', 'AS FROM a')]);
  expect(found(database, 'FROM a')[1]?.toSorted()).toEqual(['main.a', 'main.b']);
});

test('strings and comments are no names', () => {
  const database = version(['t'], [definition('view', 'v', 'AS SELECT 1')]);
  expect(found(database, `SELECT 't' -- v`)).toEqual([[], []]);
});
