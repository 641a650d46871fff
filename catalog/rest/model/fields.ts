import type { Int64 } from '../../json.ts';
import { badRequest } from '../rest-error.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Throws a 400 that names `what` unless the value is a JSON object. */
export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest(`Cannot parse ${what}: it is no JSON object`);
  }
  return value as JsonObject;
}

/** The members of a JSON object that somebody sent; what is missing or of another type is a 400 that says so. */
export class Fields {
  readonly object: JsonObject;
  readonly #what: string;

  constructor(value: unknown, what: string) {
    this.object = asObject(value, what);
    this.#what = what;
  }

  /** Whether the member is there and not null. */
  has(name: string): boolean {
    return this.object[name] !== undefined && this.object[name] !== null;
  }

  string(name: string): string {
    const value = this.object[name];
    return typeof value === 'string' ? value : this.#fail(name, 'a string');
  }

  boolean(name: string): boolean {
    const value = this.object[name];
    return typeof value === 'boolean' ? value : this.#fail(name, 'true or false');
  }

  /** An integer of 32 bits. */
  int(name: string): number {
    const value = this.object[name];
    return isInt(value) ? value : this.#fail(name, 'an integer');
  }

  int64(name: string): Int64 {
    const value = this.object[name];
    return isInt64(value) ? value : this.#fail(name, 'a 64-bit integer');
  }

  ints(name: string): readonly number[] {
    return this.list(name).map((value) => (isInt(value) ? value : this.#fail(name, 'a list of integers')));
  }

  int64s(name: string): readonly Int64[] {
    return this.list(name).map((value) => (isInt64(value) ? value : this.#fail(name, 'a list of 64-bit integers')));
  }

  list(name: string): readonly unknown[] {
    const value = this.object[name];
    return Array.isArray(value) ? value : this.#fail(name, 'a list');
  }

  strings(name: string): readonly string[] {
    return this.list(name).map((value) => (typeof value === 'string' ? value : this.#fail(name, 'a list of strings')));
  }

  stringMap(name: string): Readonly<Record<string, string>> {
    const map = this.fields(name).object;
    for (const value of Object.values(map)) {
      if (typeof value !== 'string') this.#fail(name, 'an object with strings');
    }
    return map as Readonly<Record<string, string>>;
  }

  fields(name: string): Fields {
    if (!this.has(name)) this.#fail(name, 'an object');
    return new Fields(this.object[name], `${name} of ${this.#what}`);
  }

  #fail(name: string, wanted: string): never {
    const is = this.object[name] === undefined ? 'is missing' : 'is something else';
    throw badRequest(`Cannot parse ${this.#what}: ${name} must be ${wanted} and ${is}`);
  }
}

function isInt(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31;
}

function isInt64(value: unknown): value is Int64 {
  return typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value);
}
