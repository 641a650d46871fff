import { TransactionDecisions } from '../transaction-decisions.ts';
import type { CommitRequest, NamedCommit } from './commit-request.ts';
import { checkDatabaseCommit } from './database-guard.ts';
import type { IcebergMetadata } from './model/metadata.ts';
import { applyUpdates, createByUpdates } from './model/updates.ts';
import { type NameState, withTable } from './name-state.ts';
import type { NameDirectory } from './name-directory.ts';
import { tableText, type TableName } from './names.ts';
import type { RestCatalogOptions } from './ports.ts';
import { alreadyExists, badRequest, commitFailed, commitStateUnknown, noSuchTable } from './rest-error.ts';
import type { FoundTable, TableFinder } from './table-finder.ts';
import type { LoadedTable, Proposal } from './table-log.ts';
import { Turns } from './turns.ts';

const MAX_ATTEMPTS = 20;

/** Commits to tables: of one by its pointer, of several by a transaction. See docs/decisions/0025. */
export class Commits {
  readonly #options: RestCatalogOptions;
  readonly #directory: NameDirectory;
  readonly #finder: TableFinder;
  readonly #turns = new Turns();

  constructor(options: RestCatalogOptions, directory: NameDirectory, finder: TableFinder) {
    this.#options = options;
    this.#directory = directory;
    this.#finder = finder;
  }

  /** Throws 409 when a requirement does not hold, and 500 when it is not known whether the commit has happened. */
  async commit(name: TableName, request: CommitRequest): Promise<LoadedTable> {
    const found = await this.#finder.find(name);
    if (found === undefined) {
      if (!request.isCreate) throw noSuchTable(tableText(name));
      const metadata = await this.#created(name, request);
      return await this.createTable(name, metadata);
    }
    return await this.#turns.run([turnOf(found)], () => this.#commitTo(found, request));
  }

  async #commitTo(found: FoundTable, request: CommitRequest): Promise<LoadedTable> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const { table, nextVersion } = await found.log.loadForCommit();
      if (table === undefined && !request.isCreate) throw noSuchTable(tableText(found.name));
      for (const requirement of request.requirements) requirement.check(table?.metadata);
      if (table === undefined) throw commitFailed(`The table ${tableText(found.name)} is being dropped`);
      const next = await this.#next(found, table, request);
      if (next === table.metadata) return table;
      const proposal = await found.log.propose(table, next, nextVersion);
      if ((await found.log.swap(proposal.pointer)) === 'lost') continue;
      await this.#committed(found, table, proposal);
      return proposal.table;
    }
    throw commitFailed(`${MAX_ATTEMPTS} other commits came first`);
  }

  async #next(found: FoundTable, { metadata }: LoadedTable, { updates }: CommitRequest): Promise<IcebergMetadata> {
    const next = applyUpdates(metadata, updates, this.#options.clock.nowMs());
    const { locations } = this.#finder;
    if (next.location !== metadata.location) locations.check(next.location);
    checkMetadataPath(next, (address) => locations.check(address));
    if (found.kind === 'database' && next !== metadata)
      await checkDatabaseCommit(found.table, locations, metadata, next);
    return next;
  }

  async #committed(found: FoundTable, base: LoadedTable, proposal: Proposal): Promise<void> {
    if (found.kind === 'catalog') {
      await found.log.removeFormer(base, proposal.table);
      return;
    }
    try {
      await this.#options.database?.refresh(found.table.tableId);
    } catch (error) {
      // The commit has happened, and the client must hear so; the rows are seen after the next cold commit or opening.
      this.#options.onWarning?.(error);
    }
  }

  /** Metadata of a table that is made of updates alone, as the end of a staged creation. */
  async #created(name: TableName, { requirements, updates }: CommitRequest): Promise<IcebergMetadata> {
    await this.#finder.checkCanCreateIn(name.namespace);
    for (const requirement of requirements) requirement.check(undefined);
    const { random, clock } = this.#options;
    const metadata = createByUpdates(updates, random.uuid(), clock.nowMs());
    const { locations } = this.#finder;
    locations.check(metadata.location);
    checkMetadataPath(metadata, (address) => locations.check(address));
    return metadata;
  }

  /** Makes a table of the catalog: it is there when its name is. Throws 409 when the name is taken. */
  async createTable(name: TableName, metadata: IcebergMetadata): Promise<LoadedTable> {
    const id = this.#options.random.uuid();
    const proposal = await this.#writeFirst(id, metadata);
    await this.#directory.change((state) => withTable(state, name, id));
    return proposal.table;
  }

  /** As `createTable`, of metadata that is there already. */
  async registerTable(name: TableName, address: string): Promise<LoadedTable> {
    const id = this.#options.random.uuid();
    const log = this.#finder.log(id);
    const proposal = await log.proposeFile(address, 1);
    await log.swap(proposal.pointer);
    await this.#directory.change((state) => withTable(state, name, id));
    return proposal.table;
  }

  /** Puts other metadata in place of a table's own. */
  async replaceTable(found: FoundTable, address: string): Promise<LoadedTable> {
    return await this.#turns.run([turnOf(found)], async () => {
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        const { nextVersion } = await found.log.loadForCommit();
        const proposal = await found.log.proposeFile(address, nextVersion);
        if ((await found.log.swap(proposal.pointer)) === 'committed') return proposal.table;
      }
      throw commitFailed(`${MAX_ATTEMPTS} other commits came first`);
    });
  }

  async #writeFirst(id: string, metadata: IcebergMetadata): Promise<Proposal> {
    const log = this.#finder.log(id);
    const proposal = await log.propose(undefined, metadata, 1);
    // Nobody else knows the id.
    await log.swap(proposal.pointer);
    return proposal;
  }

  /** All changes or none: every pointer names the transaction, and one object decides it for all of them. */
  async transaction(commits: readonly NamedCommit[]): Promise<void> {
    if (commits.length === 0) return;
    const found = await Promise.all(commits.map(({ name }) => this.#finder.find(name)));
    const turns = found.flatMap((table) => (table === undefined ? [] : [turnOf(table)]));
    await this.#turns.run(turns, async () => {
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        if (await this.#tryTransaction(commits)) return;
      }
      throw commitFailed(`${MAX_ATTEMPTS} other commits came first`);
    });
  }

  /** `false` when another writer came first and nothing has happened. */
  async #tryTransaction(commits: readonly NamedCommit[]): Promise<boolean> {
    const transaction = this.#options.random.uuid();
    const planned: { found: FoundTable; base: LoadedTable; proposal: Proposal }[] = [];
    const created: { name: TableName; id: string }[] = [];
    for (const commit of commits) {
      const found = await this.#finder.find(commit.name);
      if (found === undefined) {
        if (!commit.isCreate) throw noSuchTable(tableText(commit.name));
        const id = this.#options.random.uuid();
        await this.#writeFirst(id, await this.#created(commit.name, commit));
        created.push({ name: commit.name, id });
        continue;
      }
      if (found.kind === 'database' && found.table.store !== this.#options.warehouse) {
        throw badRequest(`A transaction cannot change ${tableText(found.name)}, which is in a storage of its own`);
      }
      const { table, nextVersion } = await found.log.loadForCommit();
      for (const requirement of commit.requirements) requirement.check(table?.metadata);
      if (table === undefined) throw noSuchTable(tableText(commit.name));
      const next = await this.#next(found, table, commit);
      // A table that stays as it is takes part too: its requirements must hold in the moment of the commit.
      planned.push({ found, base: table, proposal: await found.log.propose(table, next, nextVersion, transaction) });
    }
    const swaps = planned.map(
      ({ found, proposal }) =>
        () =>
          found.log.swap(proposal.pointer),
    );
    if (created.length > 0) swaps.push(await this.#namesSwap(created, transaction));
    if (!(await this.#decide(transaction, swaps))) return false;
    for (const { found, base, proposal } of planned) await this.#committed(found, base, proposal);
    return true;
  }

  async #namesSwap(
    created: readonly { name: TableName; id: string }[],
    transaction: string,
  ): Promise<() => Promise<'committed' | 'lost'>> {
    const add = (state: NameState): NameState =>
      created.reduce((names, { name, id }) => withTable(names, name, id), state);
    const proposal = await this.#directory.propose(add, transaction);
    if (proposal === undefined) throw alreadyExists('The tables exist already');
    return () => this.#directory.swap(proposal.pointer);
  }

  /** Until the decision is made, nothing counts; whatever goes wrong before it, everything is left undone. */
  async #decide(transaction: string, swaps: readonly (() => Promise<'committed' | 'lost'>)[]): Promise<boolean> {
    const decisions = new TransactionDecisions(this.#options.warehouse);
    try {
      for (const swap of swaps) {
        if ((await swap()) === 'committed') continue;
        await decisions.decide(transaction, 'aborted');
        return false;
      }
    } catch (error) {
      // An unknown pointer is no unknown commit: without a decision it never counts.
      if ((await this.#settle(decisions, transaction, 'aborted')) === 'aborted') {
        throw commitFailed(`The transaction was given up: ${error instanceof Error ? error.message : String(error)}`);
      }
      return true;
    }
    return (await this.#settle(decisions, transaction, 'committed')) === 'committed';
  }

  async #settle(
    decisions: TransactionDecisions,
    transaction: string,
    decision: 'committed' | 'aborted',
  ): Promise<'committed' | 'aborted'> {
    try {
      return await decisions.decide(transaction, decision);
    } catch (error) {
      throw commitStateUnknown(error);
    }
  }

  /** Drops a table; `undefined` when another has. */
  async drop(found: FoundTable & { kind: 'catalog' }): Promise<void> {
    await this.#turns.run([turnOf(found)], async () => {
      for (let attempt = 1; ; attempt++) {
        const { table, nextVersion } = await found.log.loadForCommit();
        if (table === undefined || (await found.log.drop(nextVersion)) === 'committed') return;
        if (attempt >= MAX_ATTEMPTS) throw commitFailed(`${MAX_ATTEMPTS} other commits came first`);
      }
    });
  }
}

function turnOf(found: FoundTable): string {
  return found.kind === 'catalog' ? found.id : `database ${found.table.tableId}`;
}

function checkMetadataPath({ properties }: IcebergMetadata, check: (address: string) => void): void {
  const path = properties['write.metadata.path'];
  if (path !== undefined) check(path);
}
