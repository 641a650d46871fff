// The SIGKILL test with another number of kills: npm run crash -- --loops 1000
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { loops: { type: 'string', default: '1000' } } });
const loops = Number(values.loops);
if (!Number.isSafeInteger(loops) || loops < 1) {
  process.stderr.write('--loops must be a whole number\nnpm run crash -- [--loops N]\n');
  process.exit(2);
}
const root = fileURLToPath(new URL('../..', import.meta.url));
const child = spawn(
  process.execPath,
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'test/crash/sigkill.test.ts'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, ALOPEX_KILLS: String(loops) } },
);
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
