import { AlopexError, SqlState } from '../../engine/errors.ts';

/** Where services are. Credentials are not among these: each SDK finds them by itself. */
export interface StoreSettings {
  readonly s3?: S3Settings;
  readonly gcs?: GcsSettings;
  readonly azure?: AzureSettings;
}

export interface S3Settings {
  /** Address of a service that speaks S3's protocol, such as `http://127.0.0.1:9000`. */
  readonly endpoint?: string;
  readonly region?: string;
  /** Bucket names in the path instead of the host's name; true when there is an endpoint. */
  readonly pathStyle?: boolean;
}

export interface GcsSettings {
  readonly endpoint?: string;
  /** Requests carry no credentials; true when the endpoint is plain `http:`. */
  readonly anonymous?: boolean;
}

export interface AzureSettings {
  /** Storage account of addresses that name none. */
  readonly account?: string;
  /** Address of the account's blob service, such as `http://127.0.0.1:10000/devstoreaccount1`. */
  readonly endpoint?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings in environment variables, such as `ALOPEX__S3__ENDPOINT`. Throws `22023` for one that cannot be. */
export function settingsFromEnvironment(environment: Environment): StoreSettings {
  const text = (name: string): string | undefined => {
    const value = environment[`ALOPEX__${name}`];
    return value === '' ? undefined : value;
  };
  const switched = (name: string): boolean | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    if (value === 'true' || value === 'false') return value === 'true';
    throw new AlopexError(SqlState.invalidParameter, `ALOPEX__${name} must be true or false`);
  };
  return {
    s3: without({
      endpoint: address(text('S3__ENDPOINT')),
      region: text('S3__REGION'),
      pathStyle: switched('S3__PATH_STYLE'),
    }),
    gcs: without({ endpoint: address(text('GCS__ENDPOINT')), anonymous: switched('GCS__ANONYMOUS') }),
    azure: without({ account: text('AZURE__ACCOUNT'), endpoint: address(text('AZURE__ENDPOINT')) }),
  };
}

/** Only with http or https, and nothing in it that could be a credential. */
function address(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.parse(value);
  const isPlain =
    url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.search === '';
  if (isPlain) return value.replace(/\/+$/, '');
  // Not quoted: it may hold a secret that was put there by mistake.
  throw new AlopexError(SqlState.invalidParameter, 'an endpoint is not an http:// or https:// address', {
    hint: 'Give the address alone, without credentials or parameters.',
  });
}

type Without<T> = { readonly [Name in keyof T]?: Exclude<T[Name], undefined> };

function without<T extends object>(values: T): Without<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Without<T>;
}
