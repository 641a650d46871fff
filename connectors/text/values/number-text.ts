/**
 * Numbers as text without losing a digit.
 */

/** A floating-point number as DuckDB prints it: the shortest digits that read back as the same value, `1.0` for 1. */
export function floatText(value: number, bits: 16 | 32 | 64): string {
  if (!Number.isFinite(value)) return nonFiniteText(value);
  const text = shortest(value, bits).toExponential();
  const [, sign = '', digits = '', exponentText = '0'] = /^(-?)([\d.]+)e(.+)$/.exec(text) ?? [];
  const exponent = Number(exponentText);
  const negative = Object.is(value, -0) ? '-' : sign;
  if (exponent < -4 || exponent >= 16) {
    return `${negative}${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const plain = digits.replace('.', '');
  if (exponent < 0) return `${negative}0.${'0'.repeat(-exponent - 1)}${plain}`;
  const whole = plain.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${negative}${whole}.${plain.slice(exponent + 1) || '0'}`;
}

/** A floating-point number in JSON, which has no NaN and no infinities: those are strings. */
export function floatJson(value: number, bits: 16 | 32 | 64): string {
  if (!Number.isFinite(value)) return `"${nonFiniteText(value)}"`;
  return Object.is(value, -0) ? '-0' : String(shortest(value, bits));
}

/** An integer in JSON: a string where a JSON number, which most programs read as a double, cannot hold it exactly. */
export function integerJson(value: number | bigint): string {
  const exact = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
  return exact ? String(value) : `"${value}"`;
}

/** A decimal from Arrow's little-endian two's complement words of 32 bits. */
export function decimalText(words: Uint32Array, scale: number): string {
  let value = 0n;
  for (let index = words.length - 1; index >= 0; index--) value = (value << 32n) | BigInt(words[index]!);
  value = BigInt.asIntN(words.length * 32, value);
  if (scale <= 0) return String(value * 10n ** BigInt(-scale));
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function nonFiniteText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}

/** The double with the fewest digits among those that a narrower float stands for. */
function shortest(value: number, bits: 16 | 32 | 64): number {
  // Half floats are rare: as single ones they print a few digits more, and as exactly.
  if (bits === 64) return value;
  // Six digits always survive in a normal single float; the tiny subnormal ones hold fewer.
  for (let precision = Math.abs(value) < 1.2e-38 ? 1 : 6; precision < 9; precision++) {
    const candidate = Number(value.toPrecision(precision));
    if (Math.fround(candidate) === value) return candidate;
  }
  return Number(value.toPrecision(9));
}
