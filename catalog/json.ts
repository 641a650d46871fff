/**
 * JSON whose integers keep all 64 bits: Iceberg's snapshot ids are random 64-bit numbers, and a JSON parser that makes
 * doubles of them changes them silently. Integers that a double holds exactly stay numbers; others become bigints.
 */
interface ReviverContext {
  readonly source?: string;
}

/** The parts of ECMAScript's "JSON.parse source text access" that TypeScript's es2024 library does not declare yet. */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: ReviverContext) => unknown): unknown;
  rawJSON(text: string): unknown;
}

const exact = JSON as unknown as ExactJson;

export type Int64 = number | bigint;

export function parseJson(text: string): unknown {
  return exact.parse(text, (_key, value, context) =>
    typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    context.source !== undefined &&
    /^-?\d+$/.test(context.source)
      ? BigInt(context.source)
      : value,
  );
}

export function stringifyJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, value: unknown) => (typeof value === 'bigint' ? exact.rawJSON(value.toString()) : value),
    indent,
  );
}
