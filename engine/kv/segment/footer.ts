import { crc32 } from 'node:zlib';
import { AlopexError, SqlState } from '../../errors.ts';
import { segmentDamage } from './damage.ts';

export const FOOTER_BYTES = 80;
const VERSION = 2;
const MAGIC = new TextEncoder().encode('ALXKVSEG');
/** A segment's offsets are 32-bit. */
export const MAX_SEGMENT_BYTES = 0xffffffff;

/** Where everything is and its checksums; see `docs/format/kv-segment.md`. */
export interface SegmentFooter {
  readonly blocksBytes: number;
  readonly filterBytes: number;
  readonly filterCrc32: number;
  readonly filterProbes: number;
  readonly indexBytes: number;
  readonly indexCrc32: number;
  readonly rangeDeletesBytes: number;
  readonly rangeDeletesCrc32: number;
  readonly rangeDeleteCount: number;
  readonly entryCount: number;
  readonly minSeq: number;
  readonly maxSeq: number;
}

export function encodeFooter(footer: SegmentFooter): { readonly bytes: Uint8Array; readonly checksum: number } {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, footer.blocksBytes, true);
  view.setUint32(4, footer.filterBytes, true);
  view.setUint32(8, footer.filterCrc32, true);
  view.setUint32(12, footer.filterProbes, true);
  view.setUint32(16, footer.indexBytes, true);
  view.setUint32(20, footer.indexCrc32, true);
  view.setUint32(24, footer.rangeDeletesBytes, true);
  view.setUint32(28, footer.rangeDeletesCrc32, true);
  view.setUint32(32, footer.rangeDeleteCount, true);
  view.setBigUint64(36, BigInt(footer.entryCount), true);
  view.setBigUint64(44, BigInt(footer.minSeq), true);
  view.setBigUint64(52, BigInt(footer.maxSeq), true);
  view.setUint32(60, FOOTER_BYTES, true);
  view.setUint32(64, VERSION, true);
  const checksum = crc32(bytes.subarray(0, 68));
  view.setUint32(68, checksum, true);
  bytes.set(MAGIC, 72);
  return { bytes, checksum };
}

/**
 * Decodes the footer of a file of `fileBytes` bytes. `readLast(length)` gives the last bytes of the file. Throws `XX001` for damage, and when the
 * checksum is not the expected one; `0A000` for an intact footer of another format.
 */
export function readFooter(
  path: string,
  fileBytes: number,
  expectedChecksum: number | undefined,
  readLast: (length: number) => Uint8Array,
): SegmentFooter {
  if (fileBytes < FOOTER_BYTES) throw segmentDamage(path, 'it is shorter than a footer');
  const tail = viewOf(readLast(FOOTER_BYTES));
  for (let at = 0; at < MAGIC.length; at++) {
    if (tail.getUint8(72 + at) !== MAGIC[at]) throw segmentDamage(path, 'it does not end with the magic number');
  }
  const footerBytes = tail.getUint32(60, true);
  const version = tail.getUint32(64, true);
  const checksum = tail.getUint32(68, true);
  // The length is not proven yet: no version has had a footer outside these bounds.
  if (footerBytes < FOOTER_BYTES || footerBytes > Math.min(fileBytes, 4096)) throw segmentDamage(path, FOOTER_WRONG);
  const footer = readLast(footerBytes);
  if (crc32(footer.subarray(0, footerBytes - 12)) !== checksum) throw segmentDamage(path, FOOTER_WRONG);
  if (expectedChecksum !== undefined && checksum !== expectedChecksum) {
    throw segmentDamage(path, 'it is not the file that the manifest names (another footer checksum)');
  }
  if (version !== VERSION) {
    throw new AlopexError(SqlState.featureNotSupported, `${path} has segment format ${version}; known is ${VERSION}`, {
      hint:
        version > VERSION
          ? 'Open the database with the version of AlopexDB that wrote it, or a later one.'
          : 'Open the database with the version of AlopexDB that wrote it, and copy its keys to a new one.',
    });
  }
  return decodeFields(path, fileBytes, tail);
}

const FOOTER_WRONG = 'the checksum of the footer is wrong';

function decodeFields(path: string, fileBytes: number, view: DataView): SegmentFooter {
  const footer = fieldsOf(view);
  const sizeBytes = sizeBytesOf(footer);
  if (sizeBytes !== fileBytes) throw segmentDamage(path, `it has ${fileBytes} bytes, its parts ${sizeBytes}`);
  return footer;
}

/** The fields of a footer whose checksum was found right by the caller; `undefined` when they do not make up a file of `fileBytes` bytes. */
export function parseFooter(bytes: Uint8Array, fileBytes: number): SegmentFooter | undefined {
  const footer = fieldsOf(viewOf(bytes));
  return sizeBytesOf(footer) === fileBytes ? footer : undefined;
}

function sizeBytesOf(footer: SegmentFooter): number {
  return footer.blocksBytes + footer.filterBytes + footer.indexBytes + footer.rangeDeletesBytes + FOOTER_BYTES;
}

function fieldsOf(view: DataView): SegmentFooter {
  return {
    blocksBytes: view.getUint32(0, true),
    filterBytes: view.getUint32(4, true),
    filterCrc32: view.getUint32(8, true),
    filterProbes: view.getUint32(12, true),
    indexBytes: view.getUint32(16, true),
    indexCrc32: view.getUint32(20, true),
    rangeDeletesBytes: view.getUint32(24, true),
    rangeDeletesCrc32: view.getUint32(28, true),
    rangeDeleteCount: view.getUint32(32, true),
    entryCount: Number(view.getBigUint64(36, true)),
    minSeq: Number(view.getBigUint64(44, true)),
    maxSeq: Number(view.getBigUint64(52, true)),
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
