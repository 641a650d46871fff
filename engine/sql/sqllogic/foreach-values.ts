const SIGNED = ['tinyint', 'smallint', 'integer', 'bigint', 'hugeint'];
const UNSIGNED = ['utinyint', 'usmallint', 'uinteger', 'ubigint', 'uhugeint'];
const INTEGRAL = [...SIGNED, ...UNSIGNED];
const NUMERIC = [...INTEGRAL, 'float', 'double'];
const TEST_COLUMNS =
  'bool tinyint smallint int bigint hugeint uhugeint utinyint usmallint uint ubigint date time timestamp timestamp_s timestamp_ms timestamp_ns time_tz timestamp_tz float double dec_4_1 dec_9_4 dec_18_6 dec38_10 uuid interval varchar blob bit small_enum medium_enum large_enum int_array double_array date_array timestamp_array timestamptz_array varchar_array nested_int_array struct struct_of_arrays array_of_structs map union fixed_int_array fixed_varchar_array fixed_nested_int_array fixed_nested_varchar_array fixed_struct_array struct_of_fixed_array fixed_array_of_int_list list_of_fixed_int_array'.split(
    ' ',
  );

/** Names of collections that `foreach` takes for their members. */
const COLLECTIONS: Readonly<Record<string, readonly string[]>> = {
  '<signed>': SIGNED,
  '<unsigned>': UNSIGNED,
  '<integral>': INTEGRAL,
  '<numeric>': NUMERIC,
  '<alltypes>': [...NUMERIC, 'bool', 'interval', 'varchar'],
  '<compression>': 'none uncompressed rle bitpacking dictionary fsst dict_fsst alp alprd'.split(' '),
  '<all_types_columns>': TEST_COLUMNS,
};

/** The values of a `foreach`: collections by name, `!name` takes one out again. */
export function foreachValues(words: readonly string[]): string[] {
  const values: string[] = [];
  for (const word of words) {
    const collection = COLLECTIONS[word.toLowerCase()];
    const excluded = word.startsWith('!') ? values.indexOf(word.slice(1)) : -1;
    if (collection !== undefined) values.push(...collection);
    else if (excluded >= 0) values.splice(excluded, 1);
    else values.push(word);
  }
  return values;
}
