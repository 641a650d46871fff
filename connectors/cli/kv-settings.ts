import type { KeyRange } from '../../engine/kv/access/key-range.ts';
import type { Format } from '../text/formats/format.ts';
import { parseHex } from './bytes-text.ts';
import { parseDuration } from './duration.ts';
import { dataDirOf, formatOf, lastOf, type GivenArguments, type GivenOption, UsageError } from './options.ts';

export const KV_OPTIONS = {
  keyspace: { short: 'k', value: 'NAME', help: 'the keyspace (default: the one called default)' },
  'data-dir': { value: 'DIR', help: 'directory of the database (default ./alopex-data)' },
  hex: { help: 'keys and values are given and printed in hexadecimal' },
  ttl: { value: 'DURATION', help: 'put: the key is gone after it, such as 90s, 12h or 7d' },
  'if-absent': { help: 'put: only when the key is not there; exit status 1 when it is' },
  file: { short: 'f', value: 'FILE', help: 'put: take the value from a file' },
  prefix: { value: 'P', help: 'scan: keys that begin with it' },
  gte: { value: 'KEY', help: 'scan: keys from this one on' },
  gt: { value: 'KEY', help: 'scan: keys after this one' },
  lte: { value: 'KEY', help: 'scan: keys up to this one' },
  lt: { value: 'KEY', help: 'scan: keys before this one' },
  reverse: { help: 'scan: from the last key to the first' },
  limit: { value: 'N', help: 'scan: at most so many keys' },
  output: { value: 'FORMAT', help: 'scan, keyspaces: table, json, jsonl, csv, tsv, markdown (default table)' },
  help: { short: 'h', help: 'this text' },
} as const;

type Name = keyof typeof KV_OPTIONS;
type Verb = 'get' | 'put' | 'delete' | 'scan' | 'keyspaces';

const COMMON: readonly Name[] = ['data-dir', 'help'];
const ALLOWED: Readonly<Record<Verb, readonly Name[]>> = {
  get: [...COMMON, 'keyspace', 'hex'],
  put: [...COMMON, 'keyspace', 'hex', 'ttl', 'if-absent', 'file'],
  delete: [...COMMON, 'keyspace', 'hex'],
  scan: [...COMMON, 'keyspace', 'hex', 'prefix', 'gte', 'gt', 'lte', 'lt', 'reverse', 'limit', 'output'],
  keyspaces: [...COMMON, 'output'],
};

/** Where the value to put comes from. */
export type ValueSource =
  | { readonly kind: 'given'; readonly value: Uint8Array }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stdin' };

export type KvAction =
  | { readonly verb: 'get'; readonly key: Uint8Array }
  | {
      readonly verb: 'put';
      readonly key: Uint8Array;
      readonly value: ValueSource;
      readonly ttlMs: number | undefined;
      readonly ifAbsent: boolean;
    }
  | { readonly verb: 'delete'; readonly keys: readonly Uint8Array[] }
  | {
      readonly verb: 'scan';
      readonly range: KeyRange;
      readonly reverse: boolean;
      readonly limit: number | undefined;
    }
  | { readonly verb: 'keyspaces' };

export interface KvSettings {
  readonly action: KvAction;
  readonly keyspace: string;
  readonly dataDir: string;
  readonly hex: boolean;
  readonly format: Format;
}

/** What the arguments of `alopex kv` say; `undefined` when they ask for help. */
export function readKvSettings({ options, positionals }: GivenArguments<Name>): KvSettings | undefined {
  if (lastOf(options, 'help') !== undefined) return undefined;
  const [verb, ...operands] = positionals;
  if (verb === undefined) throw usage('what to do is missing: get, put, delete, scan or keyspaces');
  if (!isVerb(verb)) throw usage(`there is no kv ${verb}; there are get, put, delete, scan and keyspaces`);
  const misplaced = options.find(({ name }) => !ALLOWED[verb].includes(name));
  if (misplaced !== undefined) throw usage(`kv ${verb} takes no option --${misplaced.name}`);
  const keyspace = lastOf(options, 'keyspace') ?? 'default';
  if (keyspace === '') throw usage('option --keyspace needs a name');
  return {
    action: readAction(verb, operands, options),
    keyspace,
    dataDir: dataDirOf(lastOf(options, 'data-dir'), 'kv'),
    hex: lastOf(options, 'hex') !== undefined,
    format: formatOf(lastOf(options, 'output') ?? 'table', 'kv'),
  };
}

function isVerb(text: string): text is Verb {
  return Object.hasOwn(ALLOWED, text);
}

function readAction(verb: Verb, operands: readonly string[], options: readonly GivenOption<Name>[]): KvAction {
  const bytes = (text: string): Uint8Array =>
    lastOf(options, 'hex') === undefined ? new TextEncoder().encode(text) : parseHex(text, 'kv');
  const [first, second, ...more] = operands;
  switch (verb) {
    case 'get':
      if (first === undefined || second !== undefined) throw usage('kv get takes one key');
      return { verb, key: bytes(first) };
    case 'put': {
      if (first === undefined || more.length > 0) throw usage('kv put takes a key and a value');
      const file = lastOf(options, 'file');
      if (file !== undefined && second !== undefined) throw usage('kv put takes a value or --file, not both');
      const ttl = lastOf(options, 'ttl');
      return {
        verb,
        key: bytes(first),
        value: valueSource(second === undefined ? undefined : bytes(second), file),
        ttlMs: ttl === undefined ? undefined : parseDuration(ttl, 'kv'),
        ifAbsent: lastOf(options, 'if-absent') !== undefined,
      };
    }
    case 'delete':
      if (first === undefined) throw usage('kv delete takes one key or several');
      return { verb, keys: operands.map(bytes) };
    case 'scan':
      if (first !== undefined) throw usage(`unexpected argument ${JSON.stringify(first)}; kv scan has --prefix`);
      return { verb, ...scanOf(options, bytes) };
    case 'keyspaces':
      if (first !== undefined) throw usage(`unexpected argument ${JSON.stringify(first)}`);
      return { verb };
  }
}

function valueSource(given: Uint8Array | undefined, file: string | undefined): ValueSource {
  if (given !== undefined) return { kind: 'given', value: given };
  return file === undefined || file === '-' ? { kind: 'stdin' } : { kind: 'file', path: file };
}

function scanOf(
  options: readonly GivenOption<Name>[],
  bytes: (text: string) => Uint8Array,
): { range: KeyRange; reverse: boolean; limit: number | undefined } {
  const range: Partial<Record<'prefix' | 'gte' | 'gt' | 'lte' | 'lt', Uint8Array>> = {};
  for (const name of ['prefix', 'gte', 'gt', 'lte', 'lt'] as const) {
    const value = lastOf(options, name);
    if (value !== undefined) range[name] = bytes(value);
  }
  const limit = lastOf(options, 'limit');
  if (limit !== undefined && !/^\d{1,15}$/.test(limit)) throw usage(`${JSON.stringify(limit)} is no number of keys`);
  return {
    range,
    reverse: lastOf(options, 'reverse') !== undefined,
    limit: limit === undefined ? undefined : Number(limit),
  };
}

function usage(message: string): UsageError {
  return new UsageError(message, 'kv');
}
