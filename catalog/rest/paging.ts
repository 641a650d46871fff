import { badRequest } from './rest-error.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** `null` on the last page. */
  readonly next: string | null;
}

const DEFAULT_PAGE_SIZE = 1000;

/**
 * One page of a list in the order of its keys; all of it when no page was asked for. A token is the key of the last item of the page before, so
 * that items that come or go meanwhile neither shift others past a client nor show them twice.
 */
export function pageOf<T>(items: readonly T[], keyOf: (item: T) => string, query: URLSearchParams): Page<T> {
  const sorted = items
    .map((item) => ({ key: keyOf(item), item }))
    .sort((left, right) => (left.key < right.key ? -1 : 1));
  const token = query.get('pageToken');
  if (token === null) return { items: sorted.map(({ item }) => item), next: null };
  const size = pageSize(query.get('pageSize'));
  const after = token === '' ? undefined : decodeToken(token);
  const rest = after === undefined ? sorted : sorted.filter(({ key }) => key > after);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  return {
    items: page.map(({ item }) => item),
    next: last === undefined || rest.length <= size ? null : encodeToken(last.key),
  };
}

function pageSize(text: string | null): number {
  if (text === null) return DEFAULT_PAGE_SIZE;
  const size = Number(text);
  if (!Number.isSafeInteger(size) || size < 1) throw badRequest(`Invalid page size: ${text}`);
  return size;
}

function encodeToken(key: string): string {
  return `k${Buffer.from(key, 'utf8').toString('base64url')}`;
}

function decodeToken(token: string): string {
  if (!/^k[\w-]*$/.test(token)) throw badRequest(`Invalid page token: ${token}`);
  return Buffer.from(token.slice(1), 'base64url').toString('utf8');
}
