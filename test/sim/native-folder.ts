import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NativeFolder } from '../../engine/sim/content.ts';

const MEMORY_FOLDER = '/dev/shm';

/** Parquet files, which the kernel reads and writes by itself, in a real folder: in memory where the machine has such a place. */
export class TemporaryNativeFolder implements NativeFolder {
  /** The simulated data directory. */
  readonly dataDir: string;
  readonly #root: string;
  readonly #limbo: string;
  #limboNumber = 0;

  constructor() {
    this.#root = mkdtempSync(join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), 'alopex-sim-'));
    this.dataDir = join(this.#root, 'data');
    this.#limbo = join(this.#root, 'limbo');
    mkdirSync(this.dataDir);
    mkdirSync(this.#limbo);
  }

  holds(path: string): boolean {
    return path.endsWith('.parquet');
  }

  paths(): string[] {
    return readdirSync(this.dataDir, { recursive: true, encoding: 'utf8' })
      .filter((path) => this.holds(path))
      .map((path) => join(this.dataDir, path))
      .sort();
  }

  size(path: string): number | undefined {
    return statSync(path, { throwIfNoEntry: false })?.size;
  }

  read(path: string): Uint8Array {
    const bytes = readFileSync(path);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  write(path: string, bytes: Uint8Array): void {
    // Anew: the kernel may have the old file open.
    rmSync(path, { force: true });
    writeFileSync(path, bytes);
  }

  append(path: string, bytes: Uint8Array): void {
    appendFileSync(path, bytes);
  }

  move(from: string, to: string): void {
    renameSync(from, to);
  }

  remove(path: string): void {
    rmSync(path, { force: true });
  }

  makeFolder(path: string): void {
    mkdirSync(path, { recursive: true });
  }

  limbo(): string {
    return join(this.#limbo, `${++this.#limboNumber}.parquet`);
  }

  dispose(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}
