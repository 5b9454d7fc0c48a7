import {
  type AsOf,
  type Clock,
  Decimal,
  type DecimalString,
  type ForwardFeed,
  type PositionReading,
  type PositionSource,
  type VolatilityFeed,
} from '@evenkeel/core';
import { EvenkeelError } from '@evenkeel/intents';
import { type OptionBookConfig, parseOptionBook, type ParsedOptionBook } from './config.js';
import { OptionBookInvalidError } from './errors.js';
import { feedForward, feedVolatility, type OptionTerms, type Parameter, sizeBounds } from './parameters.js';

/** What the book needs from outside. A feed is asked only for what the book does not state itself. */
export interface OptionBookDependencies {
  readonly clock: Pick<Clock, 'now'>;
  readonly forwardFeed?: ForwardFeed;
  readonly volatilityFeed?: VolatilityFeed;
}

type BookPosition = ParsedOptionBook['positions'][number];

/**
 * A position source over an option book that is given as data. Volatility and forward are stated per option or for the
 * whole book, or come from a feed; a feed that fails makes its options *unknown*, within the bounds that their size
 * sets where the forward is known, never zero.
 *
 * The book belongs to no chain, so `read` answers the same for any owner.
 *
 * @throws {ConfigUnitMissingError} for a number whose key does not say its unit (`volatility`, `strike`, …)
 * @throws {OptionBookInvalidError} for a book that breaks its schema, or lacks both a statement and a feed
 *
 * @example
 * ```ts
 * const book = optionBook(
 *   {
 *     underlying: 'ETH',
 *     volatilityAnnualPercent: '70',
 *     forwardRatioToSpot: '1.004',
 *     positions: [
 *       { id: 'jan-call', optionType: 'call', sizeUnits: '-10', strikeNumeraire: '2500', expiryUnixSeconds: 1800000000 },
 *     ],
 *   },
 *   { clock },
 * )
 * const readings = await book.read(owner, AbortSignal.timeout(5_000))
 * ```
 */
export function optionBook(config: OptionBookConfig, dependencies: OptionBookDependencies): PositionSource {
  const book = parseOptionBook(config);
  requireEveryParameter(book, dependencies);
  return Object.freeze({
    id: book.id,
    name: `Option book (${book.positions.length} on ${book.underlying})`,
    read: async (_owner, signal) => {
      signal.throwIfAborted();
      return Promise.all(book.positions.map((position) => readOne(book, position, dependencies, signal)));
    },
  } satisfies PositionSource);
}

function requireEveryParameter(book: ParsedOptionBook, { forwardFeed, volatilityFeed }: OptionBookDependencies): void {
  for (const position of book.positions) {
    if (volatilityFeed === undefined && statedVolatility(book, position) === undefined) {
      throw new OptionBookInvalidError('volatilityAnnualPercent', undefined, `of ${position.id} is stated nowhere`);
    }
    if (forwardFeed === undefined && statedForward(book, position) === undefined) {
      throw new OptionBookInvalidError('forwardRatioToSpot', undefined, `of ${position.id} is stated nowhere`);
    }
  }
}

function statedVolatility(book: ParsedOptionBook, position: BookPosition): DecimalString | undefined {
  const percent = position.volatilityAnnualPercent ?? book.volatilityAnnualPercent;
  return percent === undefined ? undefined : percentToFraction(percent);
}

function statedForward(book: ParsedOptionBook, position: BookPosition): DecimalString | undefined {
  return position.forwardRatioToSpot ?? book.forwardRatioToSpot;
}

function percentToFraction(percent: DecimalString): DecimalString {
  return new Decimal(percent).shiftedBy(-2).toFixed();
}

async function readOne(
  book: ParsedOptionBook,
  position: BookPosition,
  dependencies: OptionBookDependencies,
  signal: AbortSignal,
): Promise<PositionReading> {
  const [forward, volatility] = await Promise.allSettled([
    forwardOf(book, position, dependencies, signal),
    volatilityOf(book, position, dependencies, signal),
  ]);
  signal.throwIfAborted();
  const now: AsOf = { source: book.id, timeSeconds: Math.floor(dependencies.clock.now() / 1000) };
  const label = `${position.sizeUnits} ${book.underlying} ${position.optionType} ${position.strikeNumeraire}`;
  const named = { id: `${book.id}:${position.id}`, label };
  if (forward.status === 'rejected') {
    return { status: 'unknown', ...named, reason: `the forward: ${reasonOf(forward.reason)}`, asOf: now };
  }
  if (volatility.status === 'rejected') {
    const deltaBounds = sizeBounds(position.optionType, position.sizeUnits, forward.value.value);
    return {
      status: 'unknown',
      ...named,
      reason: `the volatility: ${reasonOf(volatility.reason)}`,
      deltaBounds,
      asOf: now,
    };
  }
  return {
    status: 'known',
    ...named,
    position: {
      kind: 'option',
      optionType: position.optionType,
      sizeUnits: position.sizeUnits,
      strike: position.strikeNumeraire,
      expirySeconds: position.expiryUnixSeconds,
      annualVolatility: volatility.value.value,
      forwardRatio: forward.value.value,
      annualRate: percentToFraction(book.rateAnnualPercent),
    },
    asOf: oldest(now, [forward.value, volatility.value]),
  };
}

async function forwardOf(
  book: ParsedOptionBook,
  position: BookPosition,
  { forwardFeed }: OptionBookDependencies,
  signal: AbortSignal,
): Promise<Parameter> {
  const stated = statedForward(book, position);
  return stated === undefined ? feedForward(forwardFeed, termsOf(book, position), signal) : { value: stated };
}

async function volatilityOf(
  book: ParsedOptionBook,
  position: BookPosition,
  { volatilityFeed }: OptionBookDependencies,
  signal: AbortSignal,
): Promise<Parameter> {
  const stated = statedVolatility(book, position);
  return stated === undefined ? feedVolatility(volatilityFeed, termsOf(book, position), signal) : { value: stated };
}

function termsOf({ underlying }: ParsedOptionBook, position: BookPosition): OptionTerms {
  return { underlying, strike: position.strikeNumeraire, expirySeconds: position.expiryUnixSeconds };
}

function oldest(now: AsOf, parameters: readonly Parameter[]): AsOf {
  const times = parameters.flatMap(({ atSeconds }) => (atSeconds === undefined ? [] : [atSeconds]));
  return { ...now, timeSeconds: Math.min(now.timeSeconds, ...times) };
}

function reasonOf(error: unknown): string {
  return error instanceof EvenkeelError ? error.message : 'the feed failed';
}
