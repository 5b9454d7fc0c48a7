/**
 * Exact comparison and addition of plain decimal strings, by scaling to bigints. All that intents need; it keeps a
 * decimal library out of what browsers load.
 */

const PLAIN_DECIMAL = /^-?(?:0|[1-9]\d{0,77})(?:\.\d{1,40})?$/;

/** True for `-1.25`; false for exponents, signs other than a leading minus, blanks, leading zeros and over-long text. */
export function isPlainDecimal(text: string): boolean {
  return PLAIN_DECIMAL.test(text);
}

/** The one spelling of a value: no trailing zeros, no `-0`. */
export function normaliseDecimal(text: string): string {
  return render(parse(text));
}

/** Negative, zero or positive as `a` is below, equal to or above `b`. */
export function compareDecimals(a: string, b: string): -1 | 0 | 1 {
  const [left, right] = align(parse(a), parse(b));
  return left === right ? 0 : left < right ? -1 : 1;
}

export function addDecimals(a: string, b: string): string {
  const [x, y] = [parse(a), parse(b)];
  const [left, right] = align(x, y);
  return render({ digits: left + right, scale: Math.max(x.scale, y.scale) });
}

export function negateDecimal(text: string): string {
  const { digits, scale } = parse(text);
  return render({ digits: -digits, scale });
}

/** value = digits · 10^-scale */
interface Scaled {
  readonly digits: bigint;
  readonly scale: number;
}

function parse(text: string): Scaled {
  const [whole = '0', fraction = ''] = text.split('.');
  return { digits: BigInt(whole + fraction), scale: fraction.length };
}

function align(a: Scaled, b: Scaled): readonly [bigint, bigint] {
  const scale = Math.max(a.scale, b.scale);
  return [a.digits * 10n ** BigInt(scale - a.scale), b.digits * 10n ** BigInt(scale - b.scale)];
}

function render({ digits, scale }: Scaled): string {
  const sign = digits < 0n ? '-' : '';
  const padded = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  const whole = padded.slice(0, padded.length - scale);
  const fraction = padded.slice(padded.length - scale).replace(/0+$/, '');
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
