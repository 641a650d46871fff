import { Field, RecordBatch, Schema } from 'apache-arrow';
import type { SequenceText } from './sequence-names.ts';

/** A result of a statement that takes values from sequences: each batch is held back until they are reserved, and columns are named as the statement was typed. */
export function sequenceResult(
  stream: { readonly schema: Schema } & AsyncIterable<RecordBatch>,
  typed: SequenceText['typed'],
  reserve: () => Promise<void>,
): { readonly schema: Schema } & AsyncIterable<RecordBatch> {
  const fields = stream.schema.fields.map(
    ({ name, type, nullable, metadata }) => new Field(asTyped(name, typed), type, nullable, metadata),
  );
  const schema = new Schema(fields, stream.schema.metadata, stream.schema.dictionaries);
  return { schema, [Symbol.asyncIterator]: () => reserved(stream, schema, reserve) };
}

async function* reserved(
  batches: AsyncIterable<RecordBatch>,
  schema: Schema,
  reserve: () => Promise<void>,
): AsyncGenerator<RecordBatch> {
  for await (const batch of batches) {
    await reserve();
    yield new RecordBatch(schema, batch.data);
  }
}

function asTyped(name: string, typed: SequenceText['typed']): string {
  let result = name;
  for (const [literal, text] of typed) result = result.replaceAll(literal, text);
  return result;
}
