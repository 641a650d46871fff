import { AlopexError, SqlState } from '../../engine/errors.ts';

export type StoreScheme = 's3' | 'gs' | 'az';

/** A place in a service, as `s3://bucket/folder`, `gs://bucket/folder`, `az://container/folder` or `az://account.blob.core.windows.net/container/folder` name it. */
export interface StoreAddress {
  readonly scheme: StoreScheme;
  /** Without a trailing slash. */
  readonly uri: string;
  /** The bucket, or Azure's container. */
  readonly bucket: string;
  /** Empty for the whole bucket, else without slashes at its ends. */
  readonly folder: string;
  /** Host of the Azure account, when the address names it. */
  readonly host?: string;
}

/** Whether an address is one of an object service, right or wrong. */
export function isServiceAddress(address: string): boolean {
  return /^(s3|gs|az):\/\//i.test(address);
}

/** Takes an address apart. Throws `22023`, without quoting what may be a secret. */
export function parseAddress(address: string): StoreAddress {
  const match = /^(s3|gs|az):\/\/([^/]*)(.*)$/is.exec(address);
  if (match === null) throw refused('it does not begin with s3://, gs:// or az://');
  const [, scheme = '', authority = '', path = ''] = match;
  if (/[?#@]/.test(address)) throw refused('it has a ?, # or @: credentials and parameters do not belong there');
  if (/[\p{Cc}\\]/u.test(address)) throw refused('it has control characters or backslashes');
  const folder = path.replace(/^\//, '').replace(/\/+$/, '');
  const name = scheme.toLowerCase() as StoreScheme;
  if (name === 'az' && authority.includes('.')) {
    const [container = '', ...rest] = folder.split('/');
    return place(
      { scheme: name, uri: `az://${authority}/${container}`, bucket: container, host: authority },
      rest.join('/'),
    );
  }
  return place({ scheme: name, uri: `${name}://${authority}`, bucket: authority }, folder);
}

function place(base: Omit<StoreAddress, 'folder'>, folder: string): StoreAddress {
  // The rules that services have in common; each refuses the rest itself.
  if (!/^[a-z0-9$][a-z0-9._-]{1,221}$/i.test(base.bucket)) throw refused('its bucket cannot be one');
  if (folder !== '' && folder.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw refused('its folder has an empty segment, . or ..');
  }
  return { ...base, uri: folder === '' ? base.uri : `${base.uri}/${folder}`, folder };
}

function refused(why: string): AlopexError {
  return new AlopexError(SqlState.invalidParameter, `this is no address of an object store: ${why}`, {
    hint: 'Such as s3://bucket/folder, gs://bucket/folder, az://container/folder or az://account.blob.core.windows.net/container/folder.',
  });
}
