import { AlopexError, SqlState } from '../engine/errors.ts';
import { specOfDeletes } from './conflict.ts';
import type { FileChange } from './conflict.ts';
import type { LiveFiles, LoadedManifest } from './live-files.ts';
import { Status } from './manifest.ts';
import type { ContentFile, ManifestEntry } from './manifest.ts';

/** A manifest to be written. */
export interface PlannedManifest {
  readonly content: 'data' | 'deletes';
  readonly specId: number;
  readonly entries: readonly ManifestEntry[];
}

export interface CommitPlan {
  /** Manifests that the new snapshot takes over as they are. */
  readonly carried: readonly LoadedManifest[];
  readonly written: readonly PlannedManifest[];
}

/** Small manifests of one kind and spec are merged when there are so many: each is one object to read for every load. */
const mergeFromCount = 100;
const smallManifestBytes = 4 * 1024 * 1024;

/** Which manifests make the snapshot that follows from `change`, of which `findConflict` has found that it applies. */
export function planCommit(
  manifests: readonly LoadedManifest[],
  live: LiveFiles,
  change: FileChange,
  snapshot: { readonly id: bigint; readonly sequenceNumber: bigint },
): CommitPlan {
  for (const { file } of change.addData) assertNew(live.data.has(file.path), file);
  for (const file of change.addDeletes) assertNew(live.deletes.has(file.path), file);

  const added = (file: ContentFile): ManifestEntry => ({
    status: Status.added,
    snapshotId: snapshot.id,
    sequenceNumber: snapshot.sequenceNumber,
    fileSequenceNumber: snapshot.sequenceNumber,
    file,
  });
  const addedManifests = [
    ...groupBySpec('data', change.addData, added),
    ...groupBySpec(
      'deletes',
      change.addDeletes.map((file) => ({ specId: specOfDeletes(file, live, change.addData), file })),
      added,
    ),
  ];

  const carried: LoadedManifest[] = [];
  const rewritten: PlannedManifest[] = [];
  for (const manifest of manifests) {
    // A manifest of nothing but deleted entries has told its story to the snapshot that it was written for.
    if (manifest.entries.length === 0) continue;
    const { content, specId } = manifest.info;
    const removed = content === 'data' ? change.removeData : change.removeDeletes;
    if (!manifest.entries.some(({ file }) => removed.has(file.path))) {
      carried.push(manifest);
      continue;
    }
    const entries = manifest.entries.map((entry): ManifestEntry =>
      removed.has(entry.file.path)
        ? { ...entry, status: Status.deleted, snapshotId: snapshot.id }
        : { ...entry, status: Status.existing },
    );
    rewritten.push({ content, specId, entries });
  }
  const merged = mergeSmall(carried);
  return { carried: merged.carried, written: [...addedManifests, ...rewritten, ...merged.written] };
}

function groupBySpec(
  content: 'data' | 'deletes',
  files: readonly { readonly specId: number; readonly file: ContentFile }[],
  added: (file: ContentFile) => ManifestEntry,
): PlannedManifest[] {
  const bySpec = Map.groupBy(files, ({ specId }) => specId);
  return Array.from(bySpec, ([specId, group]) => ({ content, specId, entries: group.map(({ file }) => added(file)) }));
}

function mergeSmall(manifests: readonly LoadedManifest[]): CommitPlan {
  const small = manifests.filter(({ info }) => info.sizeBytes < smallManifestBytes);
  const groups = Map.groupBy(small, ({ info }) => `${info.content} ${String(info.specId)}`);
  const written: PlannedManifest[] = [];
  const gone = new Set<LoadedManifest>();
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined || group.length < mergeFromCount) continue;
    const { content, specId } = first.info;
    const entries = group.flatMap((manifest) =>
      manifest.entries.map((entry): ManifestEntry => ({ ...entry, status: Status.existing })),
    );
    written.push({ content, specId, entries });
    for (const manifest of group) gone.add(manifest);
  }
  return { carried: manifests.filter((manifest) => !gone.has(manifest)), written };
}

/** A file that is in the table twice would have its rows counted twice. */
function assertNew(isLive: boolean, file: ContentFile): void {
  if (isLive) throw new AlopexError(SqlState.internalError, `${file.path} is in the table already`);
}
