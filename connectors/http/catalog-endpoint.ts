import type { RestRequest, RestResponse } from '../../catalog/rest/protocol.ts';
import type { Endpoint } from './endpoint.ts';

/** The Iceberg REST catalog, apart from HTTP. */
export interface CatalogHandler {
  handle(request: RestRequest): Promise<RestResponse>;
}

/** `/catalog/v1/…`: the Iceberg REST protocol. Which methods a path takes, the catalog knows. */
export function catalogEndpoint(catalog: CatalogHandler): Endpoint {
  return {
    path: '/catalog',
    isTree: true,
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    async handle({ request, response, path, query, body }) {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
      );
      const method = request.method ?? 'GET';
      const answer = await catalog.handle({ method, path, query, headers, body: await body() });
      const bytes = Buffer.from(answer.body ?? '', 'utf8');
      // Statuses 204 and 304 have no body, and so no length.
      const length = answer.body === undefined ? {} : { 'content-length': String(bytes.length) };
      response.writeHead(answer.status, { ...answer.headers, ...length });
      response.end(method === 'HEAD' || answer.body === undefined ? undefined : bytes);
    },
  };
}
