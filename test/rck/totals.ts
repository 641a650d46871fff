import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';

/** `totals.ts FOLDER`: says what became of each test in the reports of a Maven run, and the totals. */
const folder = argv[2];
if (folder === undefined) throw new Error('usage: totals.ts FOLDER');

const totals = { passed: 0, failed: 0 };
for (const name of await readdir(folder)) {
  if (!name.endsWith('.xml')) continue;
  const report = await readFile(join(folder, name), 'utf8');
  for (const [, attributes = '', content = ''] of report.matchAll(/<testcase ([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)) {
    const title = /\bname="([^"]*)"/.exec(attributes)?.[1] ?? '';
    const reason = /<(?:failure|error)[^>]*?message="([^"]*)"/s.exec(content)?.[1] ?? '';
    if (/<(failure|error)[ >]/.test(content)) {
      totals.failed++;
      console.log(`FAILED  ${title}: ${reason}`);
    } else if (content.includes('<skipped')) {
      console.log(`-       ${title}`);
    } else {
      totals.passed++;
      console.log(`ok      ${title}`);
    }
  }
}
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1;
