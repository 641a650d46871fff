import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exactSums } from './exact-sums.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
});
const folder = await mkdtemp(join(tmpdir(), 'alopex-sums-'));
try {
  const tally = await exactSums(join(folder, 'data'), Number(values.seconds) * 1000, Number(values.seed));
  const { reads, transfers, rearrangements, conflicts, wrong } = tally;
  console.log(
    `${reads} reads, ${transfers} changes, ${rearrangements} rearrangements, ${conflicts} conflicts given up`,
  );
  for (const line of wrong) console.log(`WRONG   ${line}`);
  process.exitCode = wrong.length === 0 && Math.min(reads, transfers, rearrangements) > 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
