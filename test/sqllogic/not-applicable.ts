/** A statement that is no part of the SQL under test, and why. Such records are skipped on every database. */
export interface NotApplicable {
  readonly pattern: RegExp;
  readonly reason: string;
  /** The rest of a script means nothing without the statement. */
  readonly endsScript?: boolean;
}

export const NOT_APPLICABLE_STATEMENTS: readonly NotApplicable[] = [
  {
    pattern: /^\s*pragma\s+(enable|disable)_verification\b|^\s*pragma\s+(disable_)?verify_\w+/i,
    reason: "switches of DuckDB's own debug checks",
  },
  {
    pattern: /^\s*(set|pragma|reset)\s+(global\s+|session\s+)?debug_\w+/i,
    reason: "settings of DuckDB's own debug checks",
  },
  {
    pattern:
      /^\s*(set|pragma)\s+(wal_autocheckpoint|checkpoint_threshold|force_compression|storage_compatibility_version)\b|^\s*pragma\s+(disable|enable)_checkpoint_on_shutdown|^\s*pragma\s+force_checkpoint/i,
    reason: "settings of the storage of DuckDB's own files",
  },
  {
    pattern:
      /\bpragma_storage_info\s*\(|\bpragma\s+storage_info\b|\bduckdb_checkpoint\w*\(|\bpragma_(database_size|metadata_info)\b/i,
    reason: "the inside of DuckDB's own files",
  },
  {
    pattern:
      /^\s*pragma\s+(enable|disable)_optimizer\b|^\s*(set|reset)\s+(global\s+|session\s+)?disabled_optimizers\b/i,
    reason: "switches of DuckDB's optimizer, which finds the files that a query needs",
  },
  {
    pattern: /^\s*(attach|detach)\b/i,
    reason: 'databases of DuckDB beside the one under test (ATTACH)',
    endsScript: true,
  },
];

/** Scripts that are about something that this database is not, by path within the corpus. */
export const NOT_APPLICABLE_SCRIPTS: readonly NotApplicable[] = [
  {
    pattern: /lambdas\/(arrow\/)?test_lambda(_arrow)?_storage/,
    reason: 'database files that older versions of DuckDB wrote',
  },
  { pattern: /types\/geo\/geometry_(shred|persist_wal|compatability)/, reason: "how DuckDB's own files keep a type" },
  {
    pattern: /timestamp\/test_timestamp_tz\.test$/,
    reason: 'what casts do while the ICU extension, which is linked in, is absent',
  },
];

/** What `require` may name and is there with both databases. */
const PRESENT: ReadonlySet<string> = new Set(
  'core_functions json parquet icu notmusl notmingw notwindows longdouble 64bit noforcestorage no_force_storage nothreadsan strinline skip_reload no_alternative_verify no_latest_storage no_vector_verification no_extension_autoloading autocomplete'.split(
    ' ',
  ),
);

/** Rows of one of DuckDB's vectors, which some scripts count on. */
const VECTOR_ROWS = 2048;

export function hasRequirement(name: string, [first = '']: readonly string[]): boolean {
  if (name === 'vector_size') return Number(first) <= VECTOR_ROWS;
  if (name === 'exact_vector_size') return Number(first) === VECTOR_ROWS;
  if (name === 'block_size') return first === '262144';
  return PRESENT.has(name);
}

export function statementNotApplicable(sql: string): NotApplicable | undefined {
  return NOT_APPLICABLE_STATEMENTS.find(({ pattern }) => pattern.test(sql));
}

export function scriptReason(path: string): string | undefined {
  return NOT_APPLICABLE_SCRIPTS.find(({ pattern }) => pattern.test(path))?.reason;
}
