import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AlopexSide } from './test-support/alopex-side.ts';
import { makeTempFolder, removeFolder } from './test-support/temp-folder.ts';
import { REFUSED_TYPES, STORED_TYPE_SAMPLES } from './test-support/type-samples.ts';
import { testTypes } from './test-support/type-suite.ts';

testTypes(STORED_TYPE_SAMPLES);

describe('types that a table cannot store', () => {
  let folder: string;
  let alopex: AlopexSide;

  beforeAll(async () => {
    folder = await makeTempFolder();
    alopex = await AlopexSide.open(folder);
    await alopex.run('CREATE TABLE t (id INTEGER)');
  });

  afterAll(async () => {
    await alopex.close();
    await removeFolder(folder);
  });

  test.each(REFUSED_TYPES)('%s is refused, and the column is named', async (type) => {
    const refusal = { code: '0A000', message: expect.stringContaining('"odd_one"') as string };
    await expect(alopex.run(`CREATE TABLE refused (id INTEGER PRIMARY KEY, odd_one ${type})`)).rejects.toMatchObject(
      refusal,
    );
    await expect(alopex.run(`ALTER TABLE t ADD COLUMN odd_one ${type}`)).rejects.toMatchObject(refusal);
    expect(await alopex.rows('SELECT name FROM alopex.tables ORDER BY name')).toEqual([['t']]);
  });
});
