// Adds its name so many times to the object `list` of the store at a folder, by replacing it, and prints `done`.
import { LocalObjectStore } from '../local.ts';

const [root = '', name = '', count = '0'] = process.argv.slice(2);
const store = new LocalObjectStore(root);
for (let added = 0; added < Number(count);) {
  const found = await store.getVersion('list');
  if (found === undefined) throw new Error('the list is gone');
  const longer = Buffer.concat([found.bytes, Buffer.from(name)]);
  if ((await store.replace('list', longer, found.version)) === 'replaced') added++;
}
process.stdout.write('done');
