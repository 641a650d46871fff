import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { AlopexDB } from '../../index.ts';
import { Recorder } from './recorder.ts';
import { writeEveryType } from './scenarios/every-type.ts';
import { writePartitions } from './scenarios/partitions.ts';
import { writeSchemaChanges } from './scenarios/schema-changes.ts';
import { writeSmallTables } from './scenarios/small-tables.ts';
import { writeStoredAsOthers } from './scenarios/stored-as-others.ts';

/** `write.ts FOLDER`: builds cold tables by SQL in FOLDER/data, and writes FOLDER/states.json for check.py. */
const folder = argv[2];
if (folder === undefined) throw new Error('usage: write.ts FOLDER');

const dataDir = join(folder, 'data');
await rm(dataDir, { recursive: true, force: true });
const recorder = new Recorder(folder);
let db = await AlopexDB.open(dataDir);
try {
  await writeEveryType(db, recorder, async () => {
    await db.close();
    db = await AlopexDB.open(dataDir);
    return db;
  });
  await writePartitions(db, recorder);
  await writeSmallTables(db, recorder);
  await writeStoredAsOthers(db, recorder);
  await writeSchemaChanges(db, recorder);
} finally {
  await db.close();
}
await recorder.save();
