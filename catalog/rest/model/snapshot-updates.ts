import type { Int64 } from '../../json.ts';
import { badRequest, commitFailed } from '../rest-error.ts';
import { changed, type Draft } from './draft.ts';
import type { Fields, JsonObject } from './fields.ts';
import { MAIN_BRANCH, type RefJson, sameId, type SnapshotJson, snapshotOf } from './metadata.ts';
import { canonical } from './schema.ts';

export function addSnapshot(draft: Draft, update: Fields): Draft {
  const { metadata } = draft;
  const sent = update.fields('snapshot');
  const id = sent.int64('snapshot-id');
  sent.int64('timestamp-ms');
  const version = metadata['format-version'];
  // Version 1 may name manifests one by one.
  if (version > 1 || !sent.has('manifests')) sent.string('manifest-list');
  if (version > 1) sent.fields('summary').string('operation');
  if (snapshotOf(metadata, id) !== undefined) throw badRequest(`Snapshot already exists for id: ${String(id)}`);
  const sequence = version === 1 ? 0 : sent.int64('sequence-number');
  const last = metadata['last-sequence-number'];
  if (version > 1 && BigInt(sequence) <= BigInt(last) && sent.has('parent-snapshot-id')) {
    // The client planned it on an older state: it can make it anew.
    throw commitFailed(
      `Validation failed, please retry: Cannot add snapshot with sequence number ${String(sequence)} older than last sequence number ${String(last)}`,
    );
  }
  const snapshot = sent.object as unknown as SnapshotJson;
  return {
    ...changed(draft, {
      snapshots: [...metadata.snapshots, snapshot],
      'last-sequence-number': greater(sequence, last),
      ...(version < 3 ? {} : { 'next-row-id': nextRowId(sent, metadata['next-row-id'] ?? 0) }),
    }),
    added: [...draft.added, id],
  };
}

/** From version 3 on each row has a number; a snapshot takes as many as it adds rows. */
function nextRowId(snapshot: Fields, next: Int64): Int64 {
  if (!snapshot.has('first-row-id')) throw badRequest('Cannot add a snapshot: first-row-id is null');
  const first = snapshot.int64('first-row-id');
  if (BigInt(first) < BigInt(next)) {
    throw commitFailed(
      `Validation failed, please retry: Cannot add a snapshot, first-row-id is behind table next-row-id: ${String(first)} < ${String(next)}`,
    );
  }
  const added = snapshot.has('added-rows') ? snapshot.int64('added-rows') : 0;
  return exact(BigInt(next) + BigInt(added));
}

export function setSnapshotRef(draft: Draft, update: Fields): Draft {
  const { metadata } = draft;
  const name = update.string('ref-name');
  const id = update.int64('snapshot-id');
  const type = update.string('type');
  if (type !== 'branch' && type !== 'tag') throw badRequest(`Invalid reference type: ${type}`);
  if (name === MAIN_BRANCH && type === 'tag') throw badRequest('Cannot set main to a tag, it must be a branch');
  const snapshot = snapshotOf(metadata, id);
  if (snapshot === undefined) throw badRequest(`Cannot set ${name} to unknown snapshot: ${String(id)}`);
  const { action: _action, 'ref-name': _name, ...members } = update.object;
  const ref = { ...members, type, 'snapshot-id': id } as RefJson;
  const known = Object.hasOwn(metadata.refs, name) ? metadata.refs[name] : undefined;
  if (known !== undefined && canonical(known) === canonical(ref)) return draft;
  const next = changed(draft, { refs: { ...metadata.refs, [name]: ref } });
  if (name !== MAIN_BRANCH) return next;
  const isNew = draft.added.some((added) => sameId(added, id));
  const entry = { 'timestamp-ms': isNew ? snapshot['timestamp-ms'] : draft.nowMs, 'snapshot-id': id };
  return {
    ...changed(next, { 'current-snapshot-id': id, 'snapshot-log': [...metadata['snapshot-log'], entry] }),
    madeCurrent: isNew ? [...draft.madeCurrent, id] : draft.madeCurrent,
  };
}

export function removeSnapshotRef(draft: Draft, update: Fields): Draft {
  return withoutRefs(draft, new Set([update.string('ref-name')]));
}

function withoutRefs(draft: Draft, names: ReadonlySet<string>): Draft {
  const refs = Object.fromEntries(Object.entries(draft.metadata.refs).filter(([name]) => !names.has(name)));
  return changed(draft, { refs, ...(names.has(MAIN_BRANCH) ? { 'current-snapshot-id': -1 } : {}) });
}

/** Statistics of the snapshots go with them, and so do branches and tags that point to them. */
export function removeSnapshots(draft: Draft, update: Fields): Draft {
  const { metadata } = draft;
  const ids = new Set(update.int64s('snapshot-ids').map(BigInt));
  const snapshots = metadata.snapshots.filter((snapshot) => !ids.has(BigInt(snapshot['snapshot-id'])));
  if (snapshots.length === metadata.snapshots.length) return draft;
  const kept = (file: JsonObject): boolean => !ids.has(BigInt(file['snapshot-id'] as Int64));
  const next = changed(draft, {
    snapshots,
    statistics: metadata.statistics.filter(kept),
    'partition-statistics': metadata['partition-statistics'].filter(kept),
  });
  const dangling = Object.entries(metadata.refs).filter(([, ref]) => ids.has(BigInt(ref['snapshot-id'])));
  return { ...withoutRefs(next, new Set(dangling.map(([name]) => name))), hasRemovedSnapshots: true };
}

export function setStatistics(list: 'statistics' | 'partition-statistics') {
  return (draft: Draft, update: Fields): Draft => {
    const file = update.fields(list);
    const id = file.int64('snapshot-id');
    file.string('statistics-path');
    const others = draft.metadata[list].filter((known) => !sameId(known['snapshot-id'] as Int64, id));
    return changed(draft, { [list]: [...others, file.object] });
  };
}

export function removeStatistics(list: 'statistics' | 'partition-statistics') {
  return (draft: Draft, update: Fields): Draft => {
    const id = update.int64('snapshot-id');
    return changed(draft, { [list]: draft.metadata[list].filter((file) => !sameId(file['snapshot-id'] as Int64, id)) });
  };
}

/**
 * The snapshot log without what never was current for others, or is gone. What came before an entry that is gone goes too: else the
 * log would say that an older snapshot had been current for longer than it was.
 */
export function cleanSnapshotLog(draft: Draft): Draft {
  const { metadata } = draft;
  const current = metadata['current-snapshot-id'];
  const passing = new Set(draft.madeCurrent.filter((id) => !sameId(id, current)).map(BigInt));
  if (passing.size === 0 && !draft.hasRemovedSnapshots) return draft;
  const ids = new Set(metadata.snapshots.map((snapshot) => BigInt(snapshot['snapshot-id'])));
  let log: (typeof metadata)['snapshot-log'][number][] = [];
  for (const entry of metadata['snapshot-log']) {
    const id = BigInt(entry['snapshot-id']);
    if (!ids.has(id)) log = [];
    else if (!passing.has(id)) log.push(entry);
  }
  return changed(draft, { 'snapshot-log': log });
}

function greater(left: Int64, right: Int64): Int64 {
  return BigInt(left) > BigInt(right) ? left : right;
}

function exact(value: bigint): Int64 {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
