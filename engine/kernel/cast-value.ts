import { DuckDBTypeId, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import { AlopexError, SqlState } from '../errors.ts';
import type { Parameter, Parameters } from '../ports/kernel.ts';
import { TypedValue } from '../ports/typed-value.ts';

/** A value that the kernel has cast to the type that it is to have. Among parameters it stands where what `typed` has made stood. */
export class CastValue extends TypedValue {
  readonly kernelType: DuckDBType;
  readonly #value: DuckDBValue;

  constructor(type: string, kernelType: DuckDBType, value: DuckDBValue) {
    super(type, null);
    this.kernelType = kernelType;
    this.#value = value;
  }

  /** The value as an element of a list of `type`, which is its own or a wider number. */
  as(type: DuckDBType): DuckDBValue {
    const value = this.#value;
    if (type.typeId === this.kernelType.typeId || (typeof value !== 'number' && typeof value !== 'bigint'))
      return value;
    return type.typeId === DuckDBTypeId.DOUBLE ? Number(value) : BigInt(value);
  }
}

type Cast = (type: string, value: Parameter) => Promise<CastValue>;

/** The parameters with every typed value cast, one after the other; the same object when there is none. */
export async function castTyped(parameters: Parameters, cast: Cast): Promise<Parameters> {
  if (!children(parameters).some(hasTyped)) return parameters;
  return (await castWithin(parameters, cast)) as Parameters;
}

function hasTyped(value: Parameter): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  if (value instanceof CastValue) return false;
  return value instanceof TypedValue || children(value).some(hasTyped);
}

function children(value: object): Parameter[] {
  if (Array.isArray(value)) return value as Parameter[];
  if (isMap(value)) return [...value.keys(), ...value.values()];
  return Object.values(value) as Parameter[];
}

function isMap(value: object): value is ReadonlyMap<Parameter, Parameter> {
  return value instanceof Map;
}

async function castWithin(value: Parameter, cast: Cast): Promise<Parameter> {
  if (!hasTyped(value)) return value;
  if (value instanceof TypedValue) return castOne(value, cast);
  if (Array.isArray(value)) return castAll(value as readonly Parameter[], cast);
  if (isMap(value as object)) {
    const map = value as ReadonlyMap<Parameter, Parameter>;
    const [keys, items] = [await castAll([...map.keys()], cast), await castAll([...map.values()], cast)];
    return new Map(keys.map((key, index) => [key, items[index] ?? null]));
  }
  const fields = value as Readonly<Record<string, Parameter>>;
  const items = await castAll(Object.values(fields), cast);
  return Object.fromEntries(Object.keys(fields).map((name, index) => [name, items[index] ?? null]));
}

async function castAll(values: readonly Parameter[], cast: Cast): Promise<Parameter[]> {
  const done: Parameter[] = [];
  for (const value of values) done.push(await castWithin(value, cast));
  return done;
}

async function castOne({ type, value }: TypedValue, cast: Cast): Promise<CastValue> {
  const done = await cast(type, await castWithin(value, cast));
  if (done.kernelType.typeId === DuckDBTypeId.GEOMETRY) {
    throw new AlopexError(SqlState.featureNotSupported, 'a parameter cannot be of type GEOMETRY', {
      hint: 'Give it as text, and cast it in the statement: $1::GEOMETRY.',
    });
  }
  return done;
}
