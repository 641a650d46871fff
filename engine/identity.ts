const numbers = new WeakMap<object, number>();
let last = 0;

/**
 * A number that stands for an immutable object, and never for another one: for what is kept by the content of versions. Numbers of commits and schemas would not do, as those of a transaction that is rolled
 * back are given out again.
 */
export function identityOf(object: object): number {
  let number = numbers.get(object);
  if (number === undefined) {
    number = ++last;
    numbers.set(object, number);
  }
  return number;
}
