// Writes the examples into docs/sql.md.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withExamples } from './sql-page.ts';

const path = join(import.meta.dirname, '../../docs/sql.md');
await writeFile(path, withExamples(await readFile(path, 'utf8')));
