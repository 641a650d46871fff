import type { KeyValueStore } from '../../engine/kv/access/key-value-store.ts';
import type { Keyspace } from '../../engine/kv/access/keyspace.ts';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import { printerOf } from '../text/formats/format.ts';
import { Output, terminalWidth, writeBytes, writeText } from '../text/output.ts';
import { plainRows, type PlainColumns, type PlainRow } from '../text/plain-rows.ts';
import { bytesText, hexText } from './bytes-text.ts';
import type { CliContext, Command } from './command.ts';
import { readInputFile, readStream } from './input.ts';
import { KV_OPTIONS, readKvSettings, type KvAction, type KvSettings, type ValueSource } from './kv-settings.ts';
import { optionsHelp, parseArguments } from './options.ts';
import { withDatabase } from './with-database.ts';

const HELP = `Usage: alopex kv get KEY
       alopex kv put KEY [VALUE]      without VALUE and --file, it is read from standard input
       alopex kv delete KEY...
       alopex kv scan
       alopex kv keyspaces

Reads and writes keys and values.

${optionsHelp(KV_OPTIONS)}
kv get prints the bytes of the value and nothing else; on a terminal a line end comes after them. kv scan shows what is no UTF-8 text
in hexadecimal after \\x.

Exit status: 0 ok, 1 the key is not there (get), is there (put --if-absent), or an error, 2 bad usage.
`;

export const kvCommand: Command = {
  name: 'kv',
  summary: 'read and write keys and values',
  help: HELP,
  async run(args, context) {
    const settings = readKvSettings(parseArguments('kv', args, KV_OPTIONS));
    if (settings === undefined) {
      await writeText(context.stdout, HELP);
      return 0;
    }
    const { action } = settings;
    // Read before the database is opened: a file that is missing leaves nothing behind.
    const value = action.verb === 'put' ? await readValue(action.value, context) : undefined;
    const db = await context.openDatabase(settings.dataDir, {});
    return withDatabase(context, db, () => runAction(db.kv, settings, value, context));
  },
};

async function readValue(source: ValueSource, { stdin, signal }: CliContext): Promise<Uint8Array> {
  switch (source.kind) {
    case 'given':
      return source.value;
    case 'file':
      return readInputFile(source.path);
    case 'stdin':
      return readStream(stdin, signal);
  }
}

async function runAction(
  kv: KeyValueStore,
  settings: KvSettings,
  value: Uint8Array | undefined,
  context: CliContext,
): Promise<number> {
  const { action } = settings;
  const keys = kv.keyspace(settings.keyspace);
  switch (action.verb) {
    case 'get':
      return get(keys, action.key, settings, context);
    case 'put':
      return put(keys, action, value ?? new Uint8Array(0), context);
    case 'delete':
      await keys.batch(action.keys.map((key) => ({ type: 'del', key })));
      return 0;
    case 'scan':
      await print(SCAN_COLUMNS, scan(keys, action, settings, context.signal), settings, context);
      return 0;
    case 'keyspaces':
      await print({ keyspace: 'text' }, only(kv.keyspaces().map((keyspace) => ({ keyspace }))), settings, context);
      return 0;
  }
}

async function get(
  keys: Keyspace,
  key: Uint8Array,
  { hex }: KvSettings,
  { stdout, stderr }: CliContext,
): Promise<number> {
  const value = await keys.get(key);
  if (value === undefined) {
    stderr.write(`alopex kv: there is no key ${bytesText(key)} in the keyspace ${keys.name}\n`);
    return 1;
  }
  if (hex) await writeText(stdout, `${hexText(value)}\n`);
  else await writeBytes(stdout, stdout.isTTY === true ? Buffer.concat([value, Buffer.from('\n')]) : value);
  return 0;
}

async function put(
  keys: Keyspace,
  { key, ttlMs, ifAbsent }: KvAction & { verb: 'put' },
  value: Uint8Array,
  { stderr }: CliContext,
): Promise<number> {
  if (await keys.put(key, value, { ifAbsent, ...(ttlMs === undefined ? {} : { ttlMs }) })) return 0;
  stderr.write(`alopex kv: the key ${bytesText(key)} is in the keyspace ${keys.name} already\n`);
  return 1;
}

const SCAN_COLUMNS: PlainColumns = { key: 'text', value: 'text' };
const BATCH_ROWS = 1024;
const BATCH_BYTES = 1 << 20;

async function* scan(
  keys: Keyspace,
  { range, reverse, limit }: KvAction & { verb: 'scan' },
  { hex }: KvSettings,
  signal: AbortSignal,
): AsyncGenerator<PlainRow[]> {
  const show = hex ? hexText : bytesText;
  let rows: PlainRow[] = [];
  let sizeBytes = 0;
  for await (const [key, value] of keys.scan({ ...range, reverse, ...(limit === undefined ? {} : { limit }) })) {
    rows.push({ key: show(key), value: show(value) });
    sizeBytes += key.length + value.length;
    if (rows.length < BATCH_ROWS && sizeBytes < BATCH_BYTES) continue;
    if (signal.aborted) throw new AlopexError(SqlState.queryCanceled, 'canceled');
    yield rows;
    rows = [];
    sizeBytes = 0;
  }
  if (rows.length > 0) yield rows;
}

async function* only(rows: PlainRow[]): AsyncGenerator<PlainRow[]> {
  if (rows.length > 0) yield rows;
}

async function print(
  columns: PlainColumns,
  batches: AsyncIterable<readonly PlainRow[]>,
  { format }: KvSettings,
  { stdout }: CliContext,
): Promise<void> {
  const printRows = printerOf(format, { maxWidth: terminalWidth(stdout), maxRows: undefined, types: false });
  await printRows(plainRows(columns, batches), new Output(stdout));
}
