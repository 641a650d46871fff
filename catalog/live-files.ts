import type { ManifestFile } from './manifest-list.ts';
import type { ContentFile, ManifestEntry } from './manifest.ts';

/** A manifest with its live entries; those of deleted files are history that no reader needs. */
export interface LoadedManifest {
  readonly info: ManifestFile;
  readonly entries: readonly ManifestEntry[];
}

export interface LiveFile {
  readonly specId: number;
  readonly file: ContentFile;
}

/** The live files of a snapshot by address. */
export interface LiveFiles {
  readonly data: ReadonlyMap<string, LiveFile>;
  readonly deletes: ReadonlyMap<string, LiveFile>;
}

export function liveFiles(manifests: readonly LoadedManifest[]): LiveFiles {
  const data = new Map<string, LiveFile>();
  const deletes = new Map<string, LiveFile>();
  for (const { info, entries } of manifests) {
    const files = info.content === 'data' ? data : deletes;
    for (const { file } of entries) files.set(file.path, { specId: info.specId, file });
  }
  return { data, deletes };
}
