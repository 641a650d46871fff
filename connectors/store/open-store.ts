import type { Clock } from '../../engine/ports/clock.ts';
import type { ObjectStore } from '../../engine/ports/object-store.ts';
import type { Random } from '../../engine/ports/random.ts';
import { parseAddress, type StoreAddress } from './address.ts';
import { CoalescingStore, type CoalescingOptions } from './coalescing-store.ts';
import { LazyStore } from './lazy-store.ts';
import { LimitedStore } from './limited-store.ts';
import { MeteredStore, type FileRequests } from './metered-store.ts';
import { ProbedStore } from './probed-store.ts';
import { RequestMetrics } from './request-metrics.ts';
import { RetryPolicy, type RetryOptions } from './retry-policy.ts';
import { RetryingStore } from './retrying-store.ts';
import type { StoreSettings } from './settings.ts';
import { TimedStore, type TimeLimits } from './timed-store.ts';
import { TracedStore, type RequestSpan } from './traced-store.ts';

export interface StorePorts {
  readonly clock: Clock;
  readonly random: Random;
}

/** What the store of a service is made with. */
export interface ServicePorts extends StorePorts {
  /** For the parts of an upload; whole requests are repeated by a layer above. */
  readonly retries: RetryPolicy;
  /** Objects in a page of a list at most; the service's own measure when absent. */
  readonly pageLength?: number;
}

export interface StoreOptions {
  readonly settings?: StoreSettings;
  readonly retries?: Partial<RetryOptions>;
  readonly limits?: Partial<TimeLimits>;
  readonly coalescing?: Partial<CoalescingOptions>;
  /** Requests under way at a time; 64 when absent. */
  readonly concurrency?: number;
  /** Where requests are counted. */
  readonly metrics?: RequestMetrics;
  readonly onRequest?: (span: RequestSpan) => void;
}

/** A service's own store, which sends each request once, and how it bills uploads. */
export interface OpenedStore {
  readonly store: ObjectStore;
  readonly fileRequests: FileRequests;
}

const CONCURRENCY = 64;

/**
 * A store at `s3://`, `gs://` or `az://`. Nothing is loaded or sent before its first request. Throws `22023` for an address that is none.
 *
 * From the outside in: ranges put together, conditional writes probed, failed requests repeated, so many at a time, each within its time, each attempt counted and told.
 */
export function openStore(address: string, ports: StorePorts, options: StoreOptions = {}): ObjectStore {
  const parsed = parseAddress(address);
  return new LazyStore(parsed.uri, async () => {
    const retries = new RetryPolicy(ports, options.retries);
    const settings = options.settings ?? {};
    const opened = await openService(parsed, settings, { ...ports, retries });
    return layered(opened, placeOf(parsed, settings), ports, retries, options);
  });
}

/** A service's store with all layers over it. */
export function layered(
  { store, fileRequests }: OpenedStore,
  place: string,
  ports: StorePorts,
  retries: RetryPolicy,
  options: StoreOptions,
): ObjectStore {
  const { clock, random } = ports;
  const traced = options.onRequest === undefined ? store : new TracedStore(store, options.onRequest, clock);
  const metered = new MeteredStore(traced, options.metrics ?? new RequestMetrics(), clock, fileRequests);
  const timed = new TimedStore(metered, options.limits);
  const limited = new LimitedStore(timed, options.concurrency ?? CONCURRENCY);
  const retrying = new RetryingStore(limited, retries, random);
  const probed = new ProbedStore(retrying, place, random);
  return new CoalescingStore(probed, clock, options.coalescing);
}

/** SDKs are large: each is loaded when an address needs it. */
async function openService(address: StoreAddress, settings: StoreSettings, ports: ServicePorts): Promise<OpenedStore> {
  switch (address.scheme) {
    case 's3':
      return (await import('./s3/open-s3.ts')).openS3(address, settings.s3 ?? {}, ports);
    case 'gs':
      return (await import('./gcs/open-gcs.ts')).openGcs(address, settings.gcs ?? {}, ports);
    case 'az':
      return (await import('./azure/open-azure.ts')).openAzure(address, settings.azure ?? {}, ports);
  }
}

/** Tells places apart that have the same address in different services. */
function placeOf({ scheme, uri, host }: StoreAddress, { s3, gcs, azure }: StoreSettings): string {
  const endpoints = { s3: s3?.endpoint, gs: gcs?.endpoint, az: host ?? azure?.endpoint ?? azure?.account };
  return `${endpoints[scheme] ?? ''} ${uri}`;
}
