import { crc32, gunzipSync, gzipSync } from 'node:zlib';
import { damaged, decoding } from '../damage.ts';
import type { Locations } from './locations.ts';
import { decodeIcebergMetadata, encodeIcebergMetadata, type IcebergMetadata } from './model/metadata.ts';
import { badRequest, notFound } from './rest-error.ts';

export interface MetadataFile {
  readonly metadata: IcebergMetadata;
  readonly crc32: number;
}

/** Reads and writes table metadata by full address, packed where its name says so. */
export class MetadataFiles {
  readonly #locations: Locations;

  constructor(locations: Locations) {
    this.#locations = locations;
  }

  /**
   * Throws 404 when the file is absent, and `XX001` when it is not what it was, or no metadata.
   *
   * @param expectedCrc32 of the file's bytes, where somebody knows it
   */
  async read(address: string, expectedCrc32?: number): Promise<MetadataFile> {
    const { store, key } = this.#locations.at(address);
    const bytes = await store.get(key);
    if (bytes === undefined) throw notFound(`Failed to open input stream for file: ${address}`);
    const checksum = crc32(bytes);
    if (expectedCrc32 !== undefined && checksum !== expectedCrc32) {
      throw damaged(address, 'its checksum is not the one in its pointer');
    }
    const metadata = decoding(address, () => {
      const text = isPacked(address) ? gunzipSync(bytes) : bytes;
      return decodeIcebergMetadata(new TextDecoder('utf-8', { fatal: true }).decode(text));
    });
    return { metadata, crc32: checksum };
  }

  /** Returns the CRC-32 of what was written. */
  async write(address: string, metadata: IcebergMetadata): Promise<number> {
    const { store, key } = this.#locations.at(address);
    const text = Buffer.from(encodeIcebergMetadata(metadata), 'utf8');
    const bytes = isPacked(address) ? gzipSync(text) : text;
    await store.put(key, bytes);
    return crc32(bytes);
  }

  /** Removes files, wherever they are allowed to be; others are left alone. */
  async remove(addresses: Iterable<string>): Promise<void> {
    for (const address of addresses) {
      const at = this.#locations.find(address);
      if (at !== undefined) await at.store.delete([at.key]);
    }
  }
}

/** `<version>-<uuid>.metadata.json` in the folder that the table's properties want, with `.gz` before it when they want it packed. */
export function metadataAddress(metadata: IcebergMetadata, version: number, uuid: string): string {
  const { properties, location } = metadata;
  const folder = (properties['write.metadata.path'] ?? `${location}/metadata`).replace(/\/+$/, '');
  const codec = (properties['write.metadata.compression-codec'] ?? 'none').toLowerCase();
  if (codec !== 'none' && codec !== 'gzip') throw badRequest(`No such metadata compression codec: ${codec}`);
  return `${folder}/${String(version).padStart(5, '0')}-${uuid}${codec === 'gzip' ? '.gz' : ''}.metadata.json`;
}

/** Both spellings are in use: `x.gz.metadata.json` and `x.metadata.json.gz`. */
export function isMetadataName(address: string): boolean {
  return /[^/]\.metadata\.json(\.gz)?$/.test(address);
}

function isPacked(address: string): boolean {
  return /\.gz\.metadata\.json$|\.metadata\.json\.gz$/.test(address);
}
