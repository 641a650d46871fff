import { deflateRawSync, inflateRawSync } from 'node:zlib';
import avro from 'avsc';

/**
 * Avro object container files. Framing is done here rather than by the library's streams for two reasons: a reader must
 * reject a file that ends early, and core code must not wait for zlib's threads, whose order no seed repeats.
 */
export interface AvroFile {
  /** The header's entries except Avro's own, as text. */
  readonly header: ReadonlyMap<string, string>;
  /** The writer's schema as it stands in the header. */
  readonly schema: unknown;
  readonly records: readonly unknown[];
}

/** A union's branch is named, as the library wants it when its `long` is a bigint: `{ long: 5n }`. */
export type Optional<T> = Readonly<Record<string, T>> | null;

const magic = Buffer.from('Obj\x01', 'latin1');
const blockSizeBytes = 64 * 1024;

const headerType = avro.Type.forSchema({
  type: 'record',
  name: 'Header',
  fields: [
    { name: 'magic', type: { type: 'fixed', name: 'Magic', size: 4 } },
    { name: 'meta', type: { type: 'map', values: 'bytes' } },
    { name: 'sync', type: { type: 'fixed', name: 'Sync', size: 16 } },
  ],
});
const blockType = avro.Type.forSchema({
  type: 'record',
  name: 'Block',
  fields: [
    { name: 'count', type: 'long' },
    { name: 'data', type: 'bytes' },
    { name: 'sync', type: { type: 'fixed', name: 'BlockSync', size: 16 } },
  ],
});

const exactLong = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0),
});

function recordType(schema: unknown): avro.Type {
  return avro.Type.forSchema(schema as avro.Schema, { typeHook: exactLongs, wrapUnions: 'always' });
}

/** Every `long`, with a logical type or without one, so that none passes through a double. */
function exactLongs(schema: avro.Schema): avro.Type | undefined {
  const name: unknown = typeof schema === 'object' && 'type' in schema ? schema.type : schema;
  return name === 'long' ? exactLong : undefined;
}

/** `schema` goes into the header as given: Iceberg's readers find fields by its `field-id` attributes. */
export function encodeAvroFile(
  schema: unknown,
  header: Readonly<Record<string, string>>,
  records: readonly unknown[],
  sync: Uint8Array,
): Buffer {
  const type = recordType(schema);
  const meta: Record<string, Buffer> = {
    'avro.schema': Buffer.from(JSON.stringify(schema)),
    'avro.codec': Buffer.from('deflate'),
  };
  for (const [name, text] of Object.entries(header)) meta[name] = Buffer.from(text);
  const marker = Buffer.from(sync);
  const parts = [headerType.toBuffer({ magic, meta, sync: marker })];
  let block: Buffer[] = [];
  let size = 0;
  const flush = (): void => {
    if (block.length === 0) return;
    parts.push(blockType.toBuffer({ count: block.length, data: deflateRawSync(Buffer.concat(block)), sync: marker }));
    block = [];
    size = 0;
  };
  for (const record of records) {
    const bytes = type.toBuffer(record);
    block.push(bytes);
    size += bytes.length;
    if (size >= blockSizeBytes) flush();
  }
  flush();
  return Buffer.concat(parts);
}

/** Throws a plain error on anything that is not one whole container file. */
export function decodeAvroFile(bytes: Uint8Array): AvroFile {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!file.subarray(0, magic.length).equals(magic)) throw new Error('it is no Avro file');
  const header = decodeAt(headerType, file, 0);
  const { meta, sync } = header.value as { meta: Record<string, Buffer>; sync: Buffer };
  const { 'avro.schema': schemaText, 'avro.codec': codec, ...rest } = meta;
  if (schemaText === undefined) throw new Error('it has no schema');
  const codecName = codec === undefined ? 'null' : codec.toString();
  if (codecName !== 'deflate' && codecName !== 'null') throw new Error(`its codec ${codecName} is not supported`);
  const schema: unknown = JSON.parse(schemaText.toString());
  const type = recordType(schema);
  const records: unknown[] = [];
  let at = header.offset;
  while (at < file.length) {
    const block = decodeAt(blockType, file, at);
    const { count, data: packed, sync: blockSync } = block.value as { count: number; data: Buffer; sync: Buffer };
    if (!blockSync.equals(sync)) throw new Error('a block has the wrong sync marker');
    const data = codecName === 'deflate' ? inflateRawSync(packed) : packed;
    let recordAt = 0;
    for (let index = 0; index < count; index++) {
      const record = decodeAt(type, data, recordAt);
      records.push(record.value);
      recordAt = record.offset;
    }
    if (recordAt !== data.length) throw new Error('a block is longer than its records');
    at = block.offset;
  }
  return { header: new Map(Object.entries(rest).map(([name, text]) => [name, text.toString()])), schema, records };
}

function decodeAt(type: avro.Type, bytes: Buffer, at: number): { value: unknown; offset: number } {
  const { value, offset } = type.decode(bytes, at);
  if (offset < 0) throw new Error('it ends early');
  return { value, offset };
}

/** The value inside a named branch. */
export function unwrap<T>(optional: Optional<T> | undefined): T | null {
  if (optional === null || optional === undefined) return null;
  const [value] = Object.values(optional);
  return value === undefined ? null : value;
}
