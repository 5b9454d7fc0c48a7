import { readFileSync } from 'node:fs';
import { EvenkeelError } from '@evenkeel/intents';

/** The way of the outside price: from so many seconds after the beginning on it is so much. */
export type PricePath = readonly { readonly seconds: number; readonly price: number }[];

/** A file that is no path of a price. Code `PRICE_PATH_INVALID`. */
export class PricePathError extends EvenkeelError {
  constructor(file: string, problem: string, cause?: unknown) {
    super('PRICE_PATH_INVALID', `The path of prices "${file}" ${problem}.`, {
      field: '--path',
      value: file,
      hint: 'Give lines of "seconds,price", in the order of time, a heading if you like.',
      cause,
    });
  }
}

/**
 * A path out of a file: lines of `seconds,price`, seconds since the beginning, prices in dollars for one ether. Blank lines, a
 * heading and what follows a `#` are passed over.
 *
 * @throws {PricePathError}
 */
export function readPricePath(file: string): PricePath {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new PricePathError(file, 'cannot be read', error);
  }
  const lines = text.split(/\r?\n/).map((line, index) => ({ number: index + 1, content: line.split('#')[0]!.trim() }));
  const rows = lines.filter(({ content }) => content !== '' && content !== 'seconds,price');
  const path = rows.map(({ content, number }) => {
    const [seconds, price, ...more] = content.split(',').map((field) => (field.trim() === '' ? NaN : Number(field)));
    const isPoint =
      more.length === 0 && Number.isFinite(seconds) && seconds! >= 0 && Number.isFinite(price) && price! > 0;
    if (!isPoint) throw new PricePathError(file, `says "${content}" in line ${number}`);
    return Object.freeze({ seconds: seconds!, price: price! });
  });
  if (path.length === 0) throw new PricePathError(file, 'has no point');
  const back = path.findIndex(({ seconds }, at) => at > 0 && seconds <= path[at - 1]!.seconds);
  if (back !== -1) throw new PricePathError(file, `goes back in time in line ${rows[back]!.number}`);
  return Object.freeze(path);
}

/** The last price that the path has said by then; undefined before its first. */
export function priceAt(path: PricePath, seconds: number): number | undefined {
  return path.findLast((point) => point.seconds <= seconds)?.price;
}
