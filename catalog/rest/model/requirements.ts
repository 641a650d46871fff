import type { Int64 } from '../../json.ts';
import { badRequest, commitFailed } from '../rest-error.ts';
import { Fields } from './fields.ts';
import { type IcebergMetadata, sameId } from './metadata.ts';

/** What a commit takes for granted about the table that it was made for. */
export interface Requirement {
  readonly type: string;
  /** Throws 409 when it does not hold. `undefined` is a table that does not exist. */
  check(table: IcebergMetadata | undefined): void;
}

type Reader = (fields: Fields) => (table: IcebergMetadata) => void;

function failed(message: string): never {
  throw commitFailed(`Requirement failed: ${message}`);
}

function sameNumber(member: string, name: keyof IcebergMetadata & string, what: string): Reader {
  return (fields) => {
    const expected = fields.int(member);
    return (table) => {
      if (table[name] !== expected) failed(`${what} changed: expected id ${expected} != ${String(table[name])}`);
    };
  };
}

const READERS: Readonly<Record<string, Reader>> = {
  'assert-table-uuid': (fields) => {
    const uuid = fields.string('uuid');
    return (table) => {
      const actual = table['table-uuid'];
      if (actual.toLowerCase() !== uuid.toLowerCase()) failed(`UUID does not match: expected ${actual} != ${uuid}`);
    };
  },
  'assert-ref-snapshot-id': (fields) => {
    const name = fields.string('ref');
    const expected = fields.has('snapshot-id') ? fields.int64('snapshot-id') : undefined;
    return (table) => checkRef(table, name, expected);
  },
  'assert-last-assigned-field-id': sameNumber('last-assigned-field-id', 'last-column-id', 'last assigned field id'),
  'assert-current-schema-id': sameNumber('current-schema-id', 'current-schema-id', 'current schema'),
  'assert-last-assigned-partition-id': sameNumber(
    'last-assigned-partition-id',
    'last-partition-id',
    'last assigned partition id',
  ),
  'assert-default-spec-id': sameNumber('default-spec-id', 'default-spec-id', 'default partition spec'),
  'assert-default-sort-order-id': sameNumber('default-sort-order-id', 'default-sort-order-id', 'default sort order'),
};

function checkRef(table: IcebergMetadata, name: string, expected: Int64 | undefined): void {
  const ref = Object.hasOwn(table.refs, name) ? table.refs[name] : undefined;
  if (ref === undefined) {
    if (expected !== undefined) failed(`branch or tag ${name} is missing, expected ${String(expected)}`);
    return;
  }
  if (expected === undefined) failed(`${ref.type} ${name} was created concurrently`);
  const actual = ref['snapshot-id'];
  if (!sameId(actual, expected)) {
    failed(`${ref.type} ${name} has changed: expected id ${String(expected)} != ${String(actual)}`);
  }
}

/** Reads the requirements of a commit; throws 400 for one that is unknown or malformed, before anything is looked at. */
export function readRequirements(values: readonly unknown[]): readonly Requirement[] {
  return values.map((value): Requirement => {
    const fields = new Fields(value, 'a requirement');
    const type = fields.string('type');
    if (type === 'assert-create') {
      return {
        type,
        check(table) {
          if (table !== undefined) failed('table already exists');
        },
      };
    }
    const reader = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
    if (reader === undefined) throw badRequest(`Unknown requirement: ${type}`);
    const check = reader(fields);
    return {
      type,
      check(table) {
        if (table === undefined) failed('table does not exist');
        check(table);
      },
    };
  });
}
