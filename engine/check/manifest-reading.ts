import { AlopexError, SqlState } from '../errors.ts';
import { decodeFrames, encodeFrame, FRAME_HEADER_BYTES } from '../log/frame.ts';
import { parseCurrent } from '../lsm/manifest.ts';
import { applyEdit, editFromJson, editToJson, EMPTY_STATE, snapshotEdit, type ManifestState } from '../lsm/state.ts';
import type { FileSystem } from '../ports/file-system.ts';
import { problemOf } from './finding.ts';
import { framesAfter } from './frames-after.ts';

export const MANIFEST_NAME = /^MANIFEST-(\d{6,})$/;

/** The manifest as far as it is intact. */
export interface ManifestReading {
  /** The manifest file that was read, below `manifest/`; `undefined` when there is none that can be. */
  readonly name: string | undefined;
  /** What is wrong with `CURRENT`, if anything. */
  readonly currentProblem: string | undefined;
  /** The state after the last intact edit. */
  readonly state: ManifestState;
  /** Intact edits, the snapshot at the head included. */
  readonly editCount: number;
  /** Commit number of the snapshot at the head: which commits before it were edits is not known any more. */
  readonly snapshotSeq: number;
  /** Commit numbers of the edits since. */
  readonly editSeqs: ReadonlySet<number>;
  readonly damage: ManifestDamage | undefined;
  /** Bytes of an unfinished last edit, which was never acknowledged. */
  readonly tornBytes: number;
  /** Other manifest files: left by a crash, or candidates that were worse. */
  readonly otherNames: readonly string[];
}

export interface ManifestDamage {
  readonly offset: number;
  readonly problem: string;
  /** Bytes from there to the end of the file; 0 when nothing is lost, as what is damaged is known otherwise. */
  readonly lostBytes: number;
  /** Intact edits behind the damage; they cannot be applied without the one that is lost. */
  readonly laterEdits: number;
}

/** Whether a directory was never more than begun, so that an open without `CURRENT` begins it again: its manifest holds nothing. */
export function isFresh({ name, state, editCount, damage }: ManifestReading): boolean {
  if (damage !== undefined) return false;
  const { tables, jobs, seq, kv } = state;
  const isEmpty = tables.size === 0 && jobs.size === 0 && seq === 0 && kv.flushedSeq === 0 && kv.nextKeyspaceId === 1;
  return name === undefined || (editCount <= 1 && isEmpty);
}

/**
 * Reads the manifest that `CURRENT` names, or else the newest one that can be read: a newer one begins with the whole state of the older. Changes nothing.
 * Throws `0A000` when another version of AlopexDB wrote it.
 */
export async function readManifest(fileSystem: FileSystem, folder: string): Promise<ManifestReading> {
  const names = (await fileSystem.list(folder)).filter((name) => MANIFEST_NAME.test(name));
  const current = await readCurrent(fileSystem, folder);
  const named = 'name' in current && names.includes(current.name) ? current.name : undefined;
  const candidates = [...(named === undefined ? [] : [named]), ...names.toReversed().filter((name) => name !== named)];
  let best: { name: string; content: ManifestContent } | undefined;
  let passedOver: ManifestDamage | undefined;
  for (const name of candidates) {
    const content = parseManifest(name, await readOrNothing(fileSystem, `${folder}/${name}`));
    best ??= { name, content };
    if (content.editCount > 0) {
      best = { name, content };
      break;
    }
    // One that is torn at its head was never in use, unless CURRENT says so.
    if (content.damage !== undefined || name === named) {
      passedOver ??= {
        offset: 0,
        problem: 'it has no intact edit',
        lostBytes: content.tornBytes,
        laterEdits: 0,
        ...content.damage,
      };
    }
  }
  return {
    ...(best?.content ?? NO_CONTENT),
    damage: passedOver ?? best?.content.damage,
    name: best?.name,
    currentProblem: currentProblem(current, named),
    otherNames: names.filter((name) => name !== best?.name),
  };
}

type Current = { readonly name: string } | { readonly problem: string };

function currentProblem(current: Current, named: string | undefined): string | undefined {
  if ('problem' in current) return current.problem;
  return named === undefined ? `it names ${current.name}, which is missing` : undefined;
}

async function readCurrent(fileSystem: FileSystem, folder: string): Promise<Current> {
  const path = `${folder}/CURRENT`;
  if ((await fileSystem.size(path)) === undefined) return { problem: 'it is missing' };
  try {
    return { name: parseCurrent(folder, await fileSystem.readFile(path)).manifest };
  } catch (error) {
    if (error instanceof AlopexError && error.code === SqlState.featureNotSupported) throw error;
    return { problem: problemOf(error, path) };
  }
}

type ManifestContent = Pick<
  ManifestReading,
  'state' | 'editCount' | 'snapshotSeq' | 'editSeqs' | 'damage' | 'tornBytes'
>;

const NO_CONTENT: ManifestContent = {
  state: EMPTY_STATE,
  editCount: 0,
  snapshotSeq: 0,
  editSeqs: new Set(),
  damage: undefined,
  tornBytes: 0,
};

/** A file that cannot be read has no intact edit. */
async function readOrNothing(fileSystem: FileSystem, path: string): Promise<Uint8Array | string> {
  try {
    return await fileSystem.readFile(path);
  } catch (error) {
    return problemOf(error, path);
  }
}

/** The snapshot that the first manifest of every directory begins with. */
const FIRST_NAME = 'MANIFEST-000001';
const FIRST_FRAME = encodeFrame([new TextEncoder().encode(editToJson(snapshotEdit(EMPTY_STATE)))]);

function parseManifest(name: string, bytes: Uint8Array | string): ManifestContent {
  if (typeof bytes === 'string') {
    return { ...NO_CONTENT, damage: { offset: 0, problem: bytes, lostBytes: 0, laterEdits: 0 } };
  }
  const content = parseEdits(bytes, 0);
  if (name !== FIRST_NAME || content.editCount > 0 || content.damage === undefined) return content;
  // What it began with is known, and what follows builds on that.
  const rest = parseEdits(bytes, FIRST_FRAME.length);
  if (rest.editCount === 0) return content;
  const lossless = { offset: 0, problem: content.damage.problem, lostBytes: 0, laterEdits: 0 };
  return { ...rest, damage: rest.damage ?? lossless };
}

function parseEdits(bytes: Uint8Array, from: number): ManifestContent {
  const { payloads, validBytes, tail } = decodeFrames(bytes.subarray(from));
  let state = EMPTY_STATE;
  let snapshotSeq = 0;
  let editCount = 0;
  let offset = from;
  const editSeqs = new Set<number>();
  const upTo = (damage: ManifestDamage | undefined, tornBytes: number): ManifestContent => ({
    state,
    editCount,
    snapshotSeq,
    editSeqs,
    damage,
    tornBytes,
  });
  const damageAt = (problem: string, laterEdits: number): ManifestContent =>
    upTo({ offset, problem, lostBytes: bytes.length - offset, laterEdits }, 0);
  for (const payload of payloads) {
    try {
      const edit = editFromJson(new TextDecoder('utf-8', { fatal: true }).decode(payload));
      state = applyEdit(state, edit);
      editCount++;
      if (edit.kind === 'snapshot') snapshotSeq = edit.seq;
      else if (edit.kind === 'batch') for (let seq = edit.firstSeq; seq <= edit.seq; seq++) editSeqs.add(seq);
      else if ('seq' in edit) editSeqs.add(edit.seq);
    } catch (error) {
      return damageAt(`an edit does not fit: ${problemOf(error, '')}`, payloads.length - editCount - 1);
    }
    offset += FRAME_HEADER_BYTES + payload.length + 1;
  }
  if (tail.kind !== 'damaged') return upTo(undefined, bytes.length - from - validBytes);
  return damageAt(`the checksum of ${tail.reason} is wrong`, [...framesAfter(bytes, offset)].length);
}
