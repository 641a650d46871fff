// Opens the folder that it is given and prints the error as JSON, or `opened` and then the rows of table `t`. As root it becomes a user without rights first,
// when it is told to: root may write anywhere. Everything is loaded before, for that user may not be able to read this project.
import { AlopexDB, AlopexError } from '../../index.ts';

const [, , folder = '', user] = process.argv;
const NOBODY = 65_534;

if (user === 'nobody' && process.getuid?.() === 0) {
  // What is loaded late by native code is loaded now.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  (await DuckDBInstance.create(':memory:')).closeSync();
  process.setgroups?.([]);
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
}
try {
  const db = await AlopexDB.open(folder);
  process.stdout.write('opened\n');
  await db.close();
} catch (error) {
  if (!(error instanceof AlopexError)) throw error;
  process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message, hint: error.hint })}\n`);
}
