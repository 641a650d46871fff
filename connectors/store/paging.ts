import type { ObjectInfo, ObjectStore, RequestOptions } from '../../engine/ports/object-store.ts';

/** All objects, page by page: the `list` of stores that have `listPage`. */
export async function* listPages(
  store: Pick<ObjectStore, 'listPage'>,
  prefix: string,
  options?: RequestOptions,
): AsyncGenerator<ObjectInfo> {
  let cursor: string | undefined;
  do {
    const page = await store.listPage(prefix, cursor, options);
    yield* page.objects;
    cursor = page.next;
  } while (cursor !== undefined);
}
