import { expect, test } from 'vitest';
import type { ObjectStore } from '../../../engine/ports/object-store.ts';
import { SystemClock } from '../../node/system-clock.ts';
import { objectStoreSuite } from '../object-store.suite.ts';
import { layered, type OpenedStore, type ServicePorts } from '../open-store.ts';
import { RetryPolicy } from '../retry-policy.ts';
import { FaultProxy, type HttpFaults } from './fault-proxy.ts';
import { RepeatingRandom } from './ports.ts';

const FAULTS: HttpFaults = { throttled: 0.1, reset: 0.05, lostAnswer: 0.05, slow: 0.05, truncated: 0.05 };
const PAGE_LENGTH = 50;
const LISTED_OBJECTS = 120;

/** Opens a new, empty place of a service, whose address may be that of a proxy. */
export type OpenPlace = (endpoint: string, ports: ServicePorts) => Promise<OpenedStore>;

/** The suite over a service's store as it is, which sends each request once. */
export function plainSuite(name: string, endpoint: () => string, open: OpenPlace): void {
  objectStoreSuite(name, async () => (await open(endpoint(), servicePorts(1))).store, {
    listedObjects: LISTED_OBJECTS,
  });
}

/** The suite over a service behind a network that fails, with all layers. */
export function faultySuite(name: string, endpoint: () => string, open: OpenPlace): void {
  let proxy: FaultProxy | undefined;
  objectStoreSuite(
    `${name} behind a network that fails`,
    async () => {
      proxy = new FaultProxy(endpoint(), FAULTS, new RepeatingRandom(7));
      const ports = servicePorts(9);
      const opened = await open(await proxy.start(), ports);
      const limits = { timeoutMs: 30_000 };
      return layered(opened, `${name} behind a proxy`, ports, ports.retries, { limits });
    },
    { listedObjects: LISTED_OBJECTS, losesAnswers: true },
  );

  test(`each kind of fault was made for ${name}`, async () => {
    await proxy?.stop();
    for (const [kind, count] of Object.entries(proxy?.counts ?? {})) expect(count, kind).toBeGreaterThan(5);
    expect(Object.keys(proxy?.counts ?? {})).toHaveLength(5);
  });
}

/** What of a service's errors can be seen with any of them. */
export function errorSuite(name: string, open: (endpoint: string) => Promise<ObjectStore>): void {
  test(`${name}: a service that is not there is unreachable`, async () => {
    const store = await open('http://127.0.0.1:9');
    await expect(store.get('x')).rejects.toMatchObject({ name: 'AlopexError', code: '08001', kind: 'unreachable' });
    await expect(store.create('x', new Uint8Array(1))).rejects.toMatchObject({ code: '08001' });
    await store.close();
  });
}

export function servicePorts(seed: number): ServicePorts {
  const ports = { clock: new SystemClock(), random: new RepeatingRandom(seed) };
  const retries = new RetryPolicy(ports, { attempts: 15, firstDelayMs: 4, maxDelayMs: 100 });
  return { ...ports, retries, pageLength: PAGE_LENGTH };
}
