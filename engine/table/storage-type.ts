import type { DataType, PrimitiveName, PrimitiveType, StoredName, UnionType } from './schema.ts';

/** The types that files have, which are those of Iceberg v2. Both tiers have the same, so that a file can move between them as it is. How values get into them: `storage-sql.ts`. */
export type StoredType = StoredPrimitive | StoredList | StoredStruct | StoredMap;

export interface StoredPrimitive extends PrimitiveType {
  readonly name: StoredName;
}

export interface StoredList {
  readonly kind: 'list';
  readonly elementId: number;
  readonly element: StoredType;
}

export interface StoredStruct {
  readonly kind: 'struct';
  readonly fields: readonly StoredField[];
}

export interface StoredField {
  readonly id: number;
  readonly name: string;
  readonly type: StoredType;
}

export interface StoredMap {
  readonly kind: 'map';
  readonly keyId: number;
  readonly key: StoredType;
  readonly valueId: number;
  readonly value: StoredType;
}

export function storageType(type: DataType): StoredType {
  switch (type.kind) {
    case 'primitive':
      return storagePrimitive(type);
    case 'list':
      return { kind: 'list', elementId: type.elementId, element: storageType(type.element) };
    case 'struct':
      return { kind: 'struct', fields: type.fields.map((field) => ({ ...field, type: storageType(field.type) })) };
    case 'map':
      return { ...type, key: storageType(type.key), value: storageType(type.value) };
    case 'union':
      return {
        kind: 'struct',
        fields: [
          { id: type.tagId, name: tagName(type), type: stored('VARCHAR') },
          ...type.members.map((member) => ({ ...member, type: storageType(member.type) })),
        ],
      };
    case 'interval':
      return {
        kind: 'struct',
        fields: [
          { id: type.monthsId, name: 'months', type: stored('INTEGER') },
          { id: type.daysId, name: 'days', type: stored('INTEGER') },
          { id: type.microsId, name: 'micros', type: stored('BIGINT') },
        ],
      };
  }
}

/** Digits of the greatest 64-bit number. */
const UBIGINT_DIGITS = 20;

const STORED_AS: Readonly<Record<Exclude<PrimitiveName, 'DECIMAL' | 'UBIGINT'>, StoredName>> = {
  BOOLEAN: 'BOOLEAN',
  TINYINT: 'INTEGER',
  SMALLINT: 'INTEGER',
  INTEGER: 'INTEGER',
  BIGINT: 'BIGINT',
  UTINYINT: 'INTEGER',
  USMALLINT: 'INTEGER',
  UINTEGER: 'BIGINT',
  // Decimals of 38 digits cannot hold all of these.
  HUGEINT: 'VARCHAR',
  UHUGEINT: 'VARCHAR',
  BIGNUM: 'VARCHAR',
  FLOAT: 'FLOAT',
  DOUBLE: 'DOUBLE',
  DATE: 'DATE',
  TIME: 'TIME',
  'TIME WITH TIME ZONE': 'VARCHAR',
  TIME_NS: 'VARCHAR',
  TIMESTAMP: 'TIMESTAMP',
  TIMESTAMP_S: 'TIMESTAMP',
  TIMESTAMP_MS: 'TIMESTAMP',
  // Iceberg has nanoseconds from version 3 on.
  TIMESTAMP_NS: 'BIGINT',
  'TIMESTAMP WITH TIME ZONE': 'TIMESTAMP WITH TIME ZONE',
  VARCHAR: 'VARCHAR',
  JSON: 'VARCHAR',
  ENUM: 'VARCHAR',
  BIT: 'VARCHAR',
  UUID: 'UUID',
  BLOB: 'BLOB',
  GEOMETRY: 'BLOB',
};

function storagePrimitive(type: PrimitiveType): StoredPrimitive {
  const { name } = type;
  if (name === 'UBIGINT') return { kind: 'primitive', name: 'DECIMAL', precision: UBIGINT_DIGITS, scale: 0 };
  return name === 'DECIMAL' ? { ...type, name } : stored(STORED_AS[name]);
}

function stored(name: StoredName): StoredPrimitive {
  return { kind: 'primitive', name };
}

/** The field of a stored UNION that says which member a value is. */
export function tagName(type: UnionType): string {
  const taken = new Set(type.members.map((member) => member.name.toLowerCase()));
  let name = 'tag';
  while (taken.has(name)) name += '_';
  return name;
}
