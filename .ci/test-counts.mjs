import { readFileSync } from 'node:fs';
import { argv, stderr, stdout } from 'node:process';

/** `test-counts.mjs REPORT`: prints `PASSED FAILED` of a JSON report of Vitest. Every test that did not run counts as failed, and is named. */
const report = JSON.parse(readFileSync(argv[2], 'utf8'));
const results = report.testResults.flatMap((file) =>
  file.assertionResults.map((result) => ({ file: file.name, ...result })),
);
const passed = results.filter((result) => result.status === 'passed');
const unrun = results.filter((result) => result.status !== 'passed' && result.status !== 'failed');
for (const result of unrun) stderr.write(`FAILED  not run (${result.status}): ${result.file}: ${result.fullName}\n`);
stdout.write(`${passed.length} ${results.length - passed.length}\n`);
