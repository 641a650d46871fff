import { AlopexError, SqlState } from '../errors.ts';

/**
 * DuckDB's messages begin with their kind, `Binder Error: …`; its bindings may put what they were doing before that.
 * The kind and the words of the message are all there is to tell an SQLSTATE from.
 */
const MESSAGE = /^(?:Failed to [a-z ]+: )?([A-Za-z ]+) Error: ([^]*)$/;

/** Turns an error of DuckDB into the one that users see: its SQLSTATE, and DuckDB's text without the kind, caret line included. */
export function kernelError(error: unknown): AlopexError {
  if (error instanceof AlopexError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const match = MESSAGE.exec(text);
  if (match === null) return new AlopexError(SqlState.internalError, text, { cause: error });
  const [, kind = '', message = ''] = match;
  // Internal errors come with a trace of native code, which is of no use to users.
  const [whole = ''] = message.split('\n\nStack Trace:');
  const code = codeFor(kind, message);
  // Of what DuckDB advises there, half cannot be done here.
  const [shown = ''] = kind === 'Out of Memory' ? whole.split(/\nThis limit was set|\n\nPossible solutions/) : [whole];
  return new AlopexError(code, shown.trimEnd(), { ...hintFor(kind, code, message), cause: error });
}

function hintFor(kind: string, code: string, message: string): { readonly hint?: string } {
  if (kind === 'Out of Memory') {
    const [what, setting, option] =
      code === SqlState.diskFull
        ? ['What queries may spill to disk', 'max_temp_directory_size', 'tempLimit']
        : ['The memory of queries', 'memory_limit', 'memoryLimit'];
    return {
      hint: `${what} is used up. Raise it (SET ${setting} = '…', or the option ${option}), or have the statement handle fewer rows at a time.`,
    };
  }
  if (code === SqlState.diskFull) return { hint: 'Free some disk space and try again.' };
  if (code !== SqlState.undefinedColumn || !/\b(column|named) "?rowid"?/i.test(message)) return {};
  return { hint: 'Tables have no rowid: rows move from file to file. Use a key, such as an IDENTITY column.' };
}

type Rule = readonly [pattern: RegExp, code: string];

/** By kind of error: the first pattern that fits decides. */
const RULES: Readonly<Record<string, readonly Rule[]>> = {
  Parser: [
    [/duplicate column|column .* specified more than once/i, SqlState.duplicateColumn],
    [/./s, SqlState.syntaxError],
  ],
  Syntax: [[/./s, SqlState.syntaxError]],
  Binder: [
    [/^Cannot insert into a generated column/i, SqlState.generatedAlways],
    [/constraints? on generated columns/i, SqlState.featureNotSupported],
    [/No function matches|function .* does not exist/i, SqlState.undefinedFunction],
    [/duplicate column|column .* specified more than once|already exists/i, SqlState.duplicateColumn],
    [/Ambiguous reference/i, '42702'],
    [/must appear in the GROUP BY clause|aggregate.*(cannot|not allowed)|cannot contain (aggregates|window)/i, '42803'],
    [/Referenced table .* not found|table .* does not exist/i, SqlState.undefinedTable],
    [
      /Referenced column|not found in FROM|does not (have|contain) (a )?column|column .* (does not exist|not found)|could not find (key|column)|Could not find key/i,
      SqlState.undefinedColumn,
    ],
    [
      /Cannot (compare|mix|combine|cast|deduce|create|extract|subscript)|explicit (type )?cast|type mismatch|must be (a|an|of) |requires? .* type|Unimplemented type/i,
      SqlState.datatypeMismatch,
    ],
    [/conflict target|ON CONFLICT|UNIQUE\/PRIMARY KEY/i, '42P10'],
    [/./s, SqlState.syntaxError],
  ],
  Catalog: [
    [/^Column with name .* already exists/i, SqlState.duplicateColumn],
    [/internal system entry/i, '42501'],
    [/^(Could not drop|Cannot drop)/i, '2BP01'],
    [/already exists/i, SqlState.duplicateTable],
    [/Column with name .* does not exist|does not have a column/i, SqlState.undefinedColumn],
    [/function/i, SqlState.undefinedFunction],
    [/(Schema|Database|Catalog) (with name )?.*(does not exist|not found)/i, '3F000'],
    [/Type with name .* does not exist/i, '42704'],
    [
      /unrecognized configuration parameter|(Setting|Collation|Sequence|Macro|Index) .*(does not exist|not found)/i,
      '42704',
    ],
    [/./s, SqlState.undefinedTable],
  ],
  Constraint: [
    [/NOT NULL constraint/i, SqlState.notNullViolation],
    [/CHECK constraint/i, SqlState.checkViolation],
    [/foreign key/i, '23503'],
    [/duplicate key|unique constraint|primary key/i, SqlState.uniqueViolation],
    [/./s, '23000'],
  ],
  Conversion: [
    [/^CSV Error/, SqlState.badCopyFile],
    [/Unimplemented type for cast/i, SqlState.datatypeMismatch],
    [/(date|time|timestamp) field value out of range/i, '22008'],
    [/(date|time|timestamp|interval).* format/i, '22007'],
    [/out of range|overflow|to DECIMAL\(/i, SqlState.numericOutOfRange],
    [/./s, SqlState.invalidText],
  ],
  'Out of Range': [
    [/division by zero|divide by zero/i, '22012'],
    [/./s, SqlState.numericOutOfRange],
  ],
  'Divide by Zero': [[/./s, '22012']],
  'Invalid Input': [
    [/CSV|Parquet|No magic bytes|TProtocolException|JSON file|snappy|zstd|lz4|decompress/i, SqlState.badCopyFile],
    [/More than one row returned by a subquery/i, '21000'],
    [/Cannot prepare multiple statements/i, SqlState.syntaxError],
    [/Malformed JSON/i, SqlState.invalidText],
    [/./s, SqlState.invalidParameter],
  ],
  IO: [
    [/No such file|No files found/i, SqlState.undefinedFile],
    [/No space left|disk full/i, SqlState.diskFull],
    [/Permission denied/i, '42501'],
    [/TProtocolException|No magic bytes/i, SqlState.badCopyFile],
    [/./s, SqlState.ioError],
  ],
  HTTP: [[/./s, SqlState.ioError]],
  'Out of Memory': [
    [/max_temp_directory_size|No space left/i, SqlState.diskFull],
    [/./s, SqlState.outOfMemory],
  ],
  INTERRUPT: [[/./s, SqlState.queryCanceled]],
  'Not implemented': [[/./s, SqlState.featureNotSupported]],
  'Missing Extension': [[/./s, SqlState.featureNotSupported]],
  Autoloading: [[/./s, SqlState.featureNotSupported]],
  Extension: [[/./s, SqlState.featureNotSupported]],
  Permission: [[/./s, '42501']],
  'Mismatch Type': [[/./s, SqlState.datatypeMismatch]],
  'Invalid type': [[/./s, SqlState.datatypeMismatch]],
  Decimal: [[/./s, SqlState.numericOutOfRange]],
  Dependency: [[/./s, '2BP01']],
  Sequence: [[/./s, '2200H']],
  TransactionContext: [
    [/aborted/i, '25P02'],
    [/conflict/i, '40001'],
    [/within a transaction/i, '25001'],
    [/no transaction is active/i, '25P01'],
    [/./s, SqlState.invalidTransactionState],
  ],
  'Parameter Not Allowed': [[/./s, SqlState.syntaxError]],
  'Parameter Not Resolved': [[/./s, '42P18']],
  Settings: [[/./s, SqlState.invalidParameter]],
};

function codeFor(kind: string, message: string): string {
  for (const [pattern, code] of RULES[kind] ?? []) if (pattern.test(message)) return code;
  return SqlState.internalError;
}
