// Creates the keys race/0 … race/<count - 1> in the store at a folder and prints, as JSON, the numbers it won.
import { LocalObjectStore } from '../local.ts';

const [root = '', name = '', count = '0'] = process.argv.slice(2);
const store = new LocalObjectStore(root);
// The parent starts all racers by closing their standard input.
for await (const ignored of process.stdin) void ignored;
const won: number[] = [];
for (let number = 0; number < Number(count); number++) {
  const outcome = await store.create(`race/${number}`, new TextEncoder().encode(name));
  if (outcome === 'created') won.push(number);
}
process.stdout.write(JSON.stringify(won));
