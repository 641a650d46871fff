/** `npm run bench -- NAME`: runs one comparison and prints its table. */
const BENCHMARKS: Readonly<Record<string, () => Promise<{ run(): Promise<void> }>>> = {
  flights: () => import('./flights/run.ts'),
  kv: () => import('./kv/run.ts'),
  commit: () => import('./commit/run.ts'),
  tpch: () => import('./tpch/run.ts'),
  planning: () => import('./planning/run.ts'),
  tpcds: () => import('./tpch/run-tpcds.ts'),
};

const name = process.argv[2] ?? '';
const load = BENCHMARKS[name];
if (load === undefined) {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(BENCHMARKS).join(' | ')}\n`);
  process.exitCode = 2;
} else {
  await (await load()).run();
}
