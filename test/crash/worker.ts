// Opens a database and works on it until it is killed. Reads one work order from standard input and writes the journal to standard output.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { AlopexDB } from '../../index.ts';
import { writeEntry, type WorkOrder } from './journal.ts';
import { perform, type Work } from './key-operation.ts';
import { Seeded } from './seeded.ts';
import { LIMITS, Workload } from './workload.ts';

const [line] = (await once(createInterface(process.stdin), 'line')) as [string];
const order = JSON.parse(line) as WorkOrder;
const random = new Seeded(order.seed);
const workload = new Workload(random, order.nextId, order.focus);
let number = 0;

async function run(db: AlopexDB, operation: Work): Promise<void> {
  const own = number++;
  writeEntry({ entry: 'intent', number: own, operation });
  await perform(db, operation);
  writeEntry({ entry: 'acknowledged', number: own });
}

async function step(db: AlopexDB): Promise<void> {
  const operation = workload.next();
  if (operation.kind === 'tier-cold' || operation.kind === 'tier-hot') {
    // Rows change while they are being moved.
    await Promise.all([run(db, operation), changes(db, random.between(0, 5))]);
  } else if (operation.kind === 'insert') {
    // Commits that share an fsync.
    await Promise.all([operation, ...workload.inserts(random.between(0, 2))].map((insert) => run(db, insert)));
  } else if (operation.kind === 'key-put') {
    await Promise.all([operation, ...workload.keyPuts(operation.key, random.between(0, 3))].map((put) => run(db, put)));
  } else {
    await run(db, operation);
  }
}

async function changes(db: AlopexDB, count: number): Promise<void> {
  for (let done = 0; done < count; done++) await run(db, workload.change());
}

try {
  writeEntry({ entry: 'opening' });
  const db = await AlopexDB.open(order.folder, { limits: LIMITS, threads: 2 });
  writeEntry({ entry: 'opened' });
  for (;;) await step(db);
} catch (error) {
  writeEntry({ entry: 'failed', message: error instanceof Error ? String(error.stack) : String(error) });
  process.exit(1); // The database is left as a crash leaves it.
}
