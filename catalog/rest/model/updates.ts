import { badRequest } from '../rest-error.ts';
import {
  addSchema,
  addSortOrder,
  addSpec,
  checkDefaults,
  removeSchemas,
  removeSpecs,
  setCurrentSchema,
  setDefaultSortOrder,
  setDefaultSpec,
} from './definition-updates.ts';
import { changed, type Draft, draftOf } from './draft.ts';
import { Fields } from './fields.ts';
import { FIRST_PARTITION_FIELD_ID, type IcebergMetadata, MAX_FORMAT_VERSION } from './metadata.ts';
import { canonical } from './schema.ts';
import {
  addSnapshot,
  cleanSnapshotLog,
  removeSnapshotRef,
  removeSnapshots,
  removeStatistics,
  setSnapshotRef,
  setStatistics,
} from './snapshot-updates.ts';

/** One change of a commit, read but not applied. */
export interface Update {
  readonly action: string;
  readonly fields: Fields;
}

type Step = (draft: Draft, update: Fields) => Draft;

const STEPS: Readonly<Record<string, Step>> = {
  'assign-uuid': (draft, update) => changed(draft, { 'table-uuid': update.string('uuid') }),
  'upgrade-format-version': upgradeFormatVersion,
  'add-schema': addSchema,
  'set-current-schema': setCurrentSchema,
  'remove-schemas': removeSchemas,
  'add-spec': addSpec,
  'set-default-spec': setDefaultSpec,
  'remove-partition-specs': removeSpecs,
  'add-sort-order': addSortOrder,
  'set-default-sort-order': setDefaultSortOrder,
  'add-snapshot': addSnapshot,
  'set-snapshot-ref': setSnapshotRef,
  'remove-snapshots': removeSnapshots,
  'remove-snapshot-ref': removeSnapshotRef,
  'set-location': (draft, update) => changed(draft, { location: update.string('location').replace(/\/+$/, '') }),
  'set-properties': (draft, update) =>
    changed(draft, { properties: { ...draft.metadata.properties, ...update.stringMap('updates') } }),
  'remove-properties': (draft, update) => {
    const names = new Set(update.strings('removals'));
    const kept = Object.entries(draft.metadata.properties).filter(([name]) => !names.has(name));
    return changed(draft, { properties: Object.fromEntries(kept) });
  },
  'set-statistics': setStatistics('statistics'),
  'remove-statistics': removeStatistics('statistics'),
  'set-partition-statistics': setStatistics('partition-statistics'),
  'remove-partition-statistics': removeStatistics('partition-statistics'),
};

/** Known to the protocol, and not done here. */
const REFUSED: Readonly<Record<string, string>> = {
  'add-encryption-key': 'table encryption is not supported',
  'remove-encryption-key': 'table encryption is not supported',
  'add-view-version': 'it is an update of a view',
  'set-current-view-version': 'it is an update of a view',
};

function upgradeFormatVersion(draft: Draft, update: Fields): Draft {
  const version = update.int('format-version');
  const now = draft.metadata['format-version'];
  if (version > MAX_FORMAT_VERSION) {
    throw badRequest(
      `Cannot upgrade table to unsupported format version: v${version} (supported: v${MAX_FORMAT_VERSION})`,
    );
  }
  if (version < now) throw badRequest(`Cannot downgrade v${now} table to v${version}`);
  const rows = version >= 3 && draft.metadata['next-row-id'] === undefined ? { 'next-row-id': 0 } : {};
  return version === now ? draft : changed(draft, { 'format-version': version, ...rows });
}

/** Reads the updates of a commit; throws 400 for one that is unknown or refused, before anything is looked at. */
export function readUpdates(values: readonly unknown[]): readonly Update[] {
  return values.map((value) => {
    const fields = new Fields(value, 'an update');
    const action = fields.string('action');
    const refused = Object.hasOwn(REFUSED, action) ? REFUSED[action] : undefined;
    if (refused !== undefined) throw badRequest(`Cannot apply ${action}: ${refused}`);
    if (!Object.hasOwn(STEPS, action)) throw badRequest(`Cannot convert metadata update action to json: ${action}`);
    return { action, fields };
  });
}

/**
 * The metadata that follows from the updates, `base` itself when they change nothing. Throws 400 when one cannot be applied, and
 * 409 when it was made for an older state of the table.
 */
export function applyUpdates(base: IcebergMetadata, updates: readonly Update[], nowMs: number): IcebergMetadata {
  const draft = run(draftOf(base, nowMs), updates);
  if (canonical(draft.metadata) === canonical(base)) return base;
  return finished(draft);
}

/** The first metadata of a table, of nothing but updates. */
export function createByUpdates(updates: readonly Update[], uuid: string, nowMs: number): IcebergMetadata {
  // The version comes first: what a schema may have depends on it.
  const upgrade = updates.find(({ action }) => action === 'upgrade-format-version');
  const version = upgrade?.fields.int('format-version') ?? 2;
  if (version < 1 || version > MAX_FORMAT_VERSION) throw badRequest(`Unsupported format version: v${version}`);
  const metadata = finished(run(draftOf(emptyMetadata(version, uuid), nowMs), updates));
  if (metadata.location === '') throw badRequest('The table has no location');
  return metadata;
}

function run(draft: Draft, updates: readonly Update[]): Draft {
  let next = draft;
  for (const { action, fields } of updates) next = STEPS[action]?.(next, fields) ?? next;
  return next;
}

function finished(draft: Draft): IcebergMetadata {
  checkDefaults(draft.metadata);
  return changed(cleanSnapshotLog(draft), { 'last-updated-ms': draft.nowMs }).metadata;
}

export function emptyMetadata(version: number, uuid: string): IcebergMetadata {
  return {
    'format-version': version,
    'table-uuid': uuid,
    location: '',
    'last-sequence-number': 0,
    'last-updated-ms': 0,
    'last-column-id': 0,
    'current-schema-id': -1,
    schemas: [],
    'default-spec-id': -1,
    'partition-specs': [],
    'last-partition-id': FIRST_PARTITION_FIELD_ID - 1,
    'default-sort-order-id': -1,
    'sort-orders': [],
    properties: {},
    'current-snapshot-id': -1,
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
    refs: {},
    statistics: [],
    'partition-statistics': [],
    ...(version < 3 ? {} : { 'next-row-id': 0 }),
  };
}
