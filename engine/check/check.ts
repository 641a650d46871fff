import { AlopexError, SqlState } from '../errors.ts';
import { kvSegmentName } from '../kv/segment-state.ts';
import type { ColdStorageResolver } from '../ports/cold-storage.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { checkColdTable } from './cold-tables.ts';
import { contentProblem, namedFiles, parquetProblem } from './data-files.ts';
import type { Finding, FindingKind } from './finding.ts';
import { keySegmentProblem, overlaps } from './key-segments.ts';
import { flushedSeqOf, LogAudit } from './log-audit.ts';
import { logFileNames, readLogFile, type LogFileReading } from './log-reading.ts';
import { isFresh, readManifest, type ManifestReading } from './manifest-reading.ts';
import { checkMoves } from './moves.ts';
import { stateProblems } from './state-problems.ts';
import { unknownFiles } from './unknown-files.ts';

export interface CheckPorts {
  readonly fileSystem: FileSystem;
  readonly storage: ColdStorageResolver;
  /** Reads the footers of Parquet files as well; their checksums are compared with or without it. */
  readonly connection?: KernelConnection;
}

export interface CheckOptions {
  readonly signal?: AbortSignal;
  readonly onFinding?: (finding: Finding) => void;
  /** Told of every file before it is read. */
  readonly onFile?: (file: string) => void;
}

export interface CheckSummary {
  readonly damage: number;
  readonly warnings: number;
  readonly files: number;
}

/**
 * Verifies every checksum, manifest and reference of a data directory, and changes nothing. The caller holds the directory's lock. Memory is bounded by the largest file of the log and the
 * manifest. Throws `58P01` when there is no database, `0A000` when a later AlopexDB wrote it, `57014` when it is canceled.
 */
export async function checkDatabase(
  ports: CheckPorts,
  dataDir: string,
  options: CheckOptions = {},
): Promise<CheckSummary> {
  return new DatabaseCheck(ports, dataDir, options).run();
}

class DatabaseCheck {
  readonly #ports: CheckPorts;
  readonly #dataDir: string;
  readonly #options: CheckOptions;
  #damage = 0;
  #warnings = 0;
  #files = 0;

  constructor(ports: CheckPorts, dataDir: string, options: CheckOptions) {
    this.#ports = ports;
    this.#dataDir = dataDir;
    this.#options = options;
  }

  async run(): Promise<CheckSummary> {
    const { fileSystem } = this.#ports;
    this.#onFile('manifest/CURRENT');
    const reading = await readManifest(fileSystem, `${this.#dataDir}/manifest`);
    await this.#manifest(reading);
    await this.#log(reading);
    await this.#dataFiles(reading);
    await this.#keySegments(reading);
    for (const finding of await checkMoves(this.#ports, this.#dataDir, reading.state)) this.#add(finding);
    for (const table of reading.state.tables.values()) {
      if (table.cold === undefined) continue;
      this.#onFile(table.coldPrefix);
      const onFile = (file: string): void => this.#onFile(file);
      await checkColdTable({ ...this.#ports, onFile, onFinding: (finding) => this.#add(finding) }, table);
    }
    await this.#unknownFiles(reading);
    return { damage: this.#damage, warnings: this.#warnings, files: this.#files };
  }

  async #manifest(reading: ManifestReading): Promise<void> {
    const { name, currentProblem, damage, tornBytes, state } = reading;
    const file = `manifest/${name ?? 'CURRENT'}`;
    if (name === undefined && !(await this.#hasData())) {
      throw new AlopexError(SqlState.undefinedFile, `there is no database in ${this.#dataDir}`);
    }
    if (currentProblem !== undefined && (name === undefined || !isFresh(reading))) {
      this.#damaged('manifest', 'manifest/CURRENT', currentProblem);
    }
    if (name !== undefined) this.#onFile(file);
    if (damage !== undefined) {
      const later = damage.laterEdits === 0 ? '' : `; ${damage.laterEdits} intact edits behind it cannot be applied`;
      this.#damaged('manifest', file, `at byte ${damage.offset}, ${damage.problem}${later}`);
    }
    if (tornBytes > 0) this.#warn('manifest', file, unfinished(tornBytes));
    for (const problem of stateProblems(state)) this.#damaged('manifest', file, problem);
  }

  /** Whether there are files that only a manifest can explain. */
  async #hasData(): Promise<boolean> {
    const { fileSystem } = this.#ports;
    for (const folder of ['segments', 'deletes', 'kv', 'log']) {
      if ((await fileSystem.list(`${this.#dataDir}/${folder}`)).length > 0) return true;
    }
    return false;
  }

  async #log(reading: ManifestReading): Promise<void> {
    const { fileSystem } = this.#ports;
    const folder = `${this.#dataDir}/log`;
    const hasKeyFiles = (await fileSystem.list(`${this.#dataDir}/kv`)).length > 0;
    const audit = new LogAudit(reading, flushedSeqOf(reading, hasKeyFiles));
    const names = await logFileNames(fileSystem, folder);
    for (const name of names) {
      this.#onFile(`log/${name}`);
      const file = await readLogFile(fileSystem, folder, name, name === names.at(-1), audit);
      if (file.problem !== undefined) this.#damaged('log', `log/${name}`, logProblemText(file));
      if (file.tornBytes > 0) this.#warn('log', `log/${name}`, unfinished(file.tornBytes));
    }
  }

  async #dataFiles({ state }: ManifestReading): Promise<void> {
    const { fileSystem, connection } = this.#ports;
    for (const file of namedFiles(state)) {
      this.#onFile(file.name);
      const path = `${this.#dataDir}/${file.name}`;
      let problem = await contentProblem(fileSystem, path, file);
      if (problem === undefined && connection !== undefined) {
        problem = await parquetProblem(connection, path, file.rowCount);
      }
      if (problem !== undefined) this.#damaged(file.kind, file.name, `${problem} (table "${file.table.name}")`);
    }
  }

  async #keySegments({ state }: ManifestReading): Promise<void> {
    for (const segment of state.kv.segments) {
      const name = kvSegmentName(segment.fileId);
      this.#onFile(name);
      const problem = await keySegmentProblem(this.#ports.fileSystem, this.#dataDir, segment);
      if (problem !== undefined) this.#damaged('key-value segment', name, problem);
    }
    for (const { fileId, problem } of overlaps(state.kv)) {
      this.#damaged('key-value segment', kvSegmentName(fileId), problem);
    }
  }

  async #unknownFiles({ state, name }: ManifestReading): Promise<void> {
    const { data, other } = await unknownFiles(this.#ports.fileSystem, this.#dataDir, state, name);
    for (const file of data) this.#warn('unknown file', file, 'nothing names it; the next open removes it');
    for (const file of other) this.#warn('unknown file', file, 'nothing names it');
  }

  #damaged(kind: FindingKind, file: string, problem: string): void {
    this.#add({ severity: 'damage', kind, file, problem });
  }

  #warn(kind: FindingKind, file: string, problem: string): void {
    this.#add({ severity: 'warning', kind, file, problem });
  }

  #add(finding: Finding): void {
    if (finding.severity === 'damage') this.#damage++;
    else this.#warnings++;
    this.#options.onFinding?.(finding);
  }

  #onFile(file: string): void {
    if (this.#options.signal?.aborted === true) throw new AlopexError(SqlState.queryCanceled, 'canceled');
    this.#files++;
    this.#options.onFile?.(file);
  }
}

function unfinished(sizeBytes: number): string {
  return `it ends with ${sizeBytes} bytes of an unfinished write, which the next open cuts off`;
}

/** The problem of a file of the log with where it is and what follows. */
export function logProblemText({ problem }: LogFileReading): string {
  if (problem === undefined) return '';
  const { later } = problem;
  const behind =
    later === undefined
      ? ''
      : `; behind it are ${later.count} intact commits (${later.range.from} to ${later.range.to})`;
  return `at byte ${problem.offset}, ${problem.text}${behind}`;
}
