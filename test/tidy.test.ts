import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const sources = globSync('{engine,catalog,tiering,connectors,notebooks,benchmarks,test}/**/*.ts', { cwd: root });

/** What each top folder may import of the others. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  catalog: ['engine'],
  tiering: ['engine'],
  connectors: ['engine', 'catalog'],
};

describe('layout', () => {
  test('parts know only the parts below them', () => {
    const wrong: string[] = [];
    for (const source of sources.filter((path) => !/\.(test|suite)\.ts$|test-support/.test(path))) {
      const top = source.split('/')[0] ?? '';
      const allowed = ALLOWED[top];
      if (allowed === undefined) continue;
      for (const [, specifier = ''] of readFileSync(join(root, source), 'utf8').matchAll(/from '(\.[^']*)'/g)) {
        const target = relative(root, join(root, dirname(source), specifier)).split('/')[0] ?? '';
        if (target !== top && !allowed.includes(target)) wrong.push(`${source} imports ${specifier}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('nothing imports the command line', () => {
    const importing = sources.filter(
      (source) =>
        !source.startsWith('connectors/cli/') &&
        /from '[^']*connectors\/cli\/|from '\.\.\/cli\//.test(readFileSync(join(root, source), 'utf8')),
    );
    expect(importing).toEqual([]);
  });

  test('every folder with sources opens with a README, or its parent does', () => {
    const folders = new Set(sources.map(dirname));
    const readmes = new Set(globSync('**/README.md', { cwd: root, exclude: ['node_modules', '.cache'] }).map(dirname));
    const bare = [...folders].filter((folder) => !readmes.has(folder) && !readmes.has(dirname(folder)));
    expect(bare).toEqual([]);
  });

  test('files stay small', () => {
    const long = sources.filter((source) => readFileSync(join(root, source), 'utf8').split('\n').length > 500);
    expect(long).toEqual([]);
  });
});
