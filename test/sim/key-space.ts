import type { SeededRandom } from '../../engine/sim/random.ts';
import type { Keyspace, KeyValue } from '../../index.ts';

const KEYSPACE = 'sim';
const TEXT = { keyEncoding: 'text', valueEncoding: 'text' } as const;

export type TextKeyspace = Keyspace<string, string>;

export function keyspace(db: { readonly kv: KeyValue }): TextKeyspace {
  return db.kv.keyspace(KEYSPACE, TEXT);
}

export function keyOf(random: SeededRandom, task: number): string {
  return `${task}/${String(random.below(150)).padStart(3, '0')}`;
}
