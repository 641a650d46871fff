/** A request as it came, without the server's own part of its path. */
export interface RestRequest {
  readonly method: string;
  /** Such as `/v1/namespaces`; with the escapes that it came with. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Empty for none. */
  readonly body: string;
}

export interface RestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; absent for none. */
  readonly body?: string;
}
