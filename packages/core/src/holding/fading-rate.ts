import { InvalidInputError } from '@evenkeel/intents';

/** How a rate is believed to move: towards its rest, with noise (Ornstein and Uhlenbeck 1930, Vasicek 1977). */
export interface FadingRate {
  /** Now. */
  readonly rate: number;
  /** Where it tends. */
  readonly rest: number;
  /** Days in which half of the distance to the rest is gone; `Infinity` where it stays as it is. */
  readonly halfLifeDays: number;
  /** Standard deviation of its change, per √day. */
  readonly deviation: number;
}

/** A quantity that is known by its mean and its standard deviation. */
export interface Estimate {
  readonly expected: number;
  readonly deviation: number;
}

/**
 * The rate itself after some days: mean r̄ + (r − r̄)e^{−kT}, variance σ²(1 − e^{−2kT})/2k, with k = ln 2 / half-life.
 *
 * @throws {InvalidInputError} for a number that is not finite, a half-life or a time below zero
 * @example
 * ```ts
 * rateAfter({ rate: 8, rest: 0, halfLifeDays: 2, deviation: 0 }, 4).expected // 2
 * ```
 */
export function rateAfter(fading: FadingRate, days: number): Estimate {
  const { deviation, rate, rest } = checked(fading, days);
  const decay = decayOf(fading, days);
  if (decay === 0) return { expected: rate, deviation: deviation * Math.sqrt(days) };
  return {
    expected: rest + (rate - rest) * Math.exp(-decay),
    deviation: deviation * Math.sqrt((days * -Math.expm1(-2 * decay)) / (2 * decay)),
  };
}

/**
 * What a rate sums up to over some days: mean r̄T + (r − r̄)(1 − e^{−kT})/k, variance
 * σ²/k² · (T − 2(1 − e^{−kT})/k + (1 − e^{−2kT})/2k).
 *
 * @throws {InvalidInputError} as {@link rateAfter}
 * @example
 * ```ts
 * rateOver({ rate: 3, rest: 3, halfLifeDays: Infinity, deviation: 0 }, 10).expected // 30
 * ```
 */
export function rateOver(fading: FadingRate, days: number): Estimate {
  const { deviation, rate, rest } = checked(fading, days);
  const decay = decayOf(fading, days);
  // Below this the closed form loses its digits, and the rate has hardly begun to fade.
  if (decay < SMALL_DECAY) {
    const expected = days * (rate - (rate - rest) * (decay / 2 - decay ** 2 / 6));
    return { expected, deviation: deviation * Math.sqrt((days ** 3 / 3) * (1 - (3 * decay) / 4)) };
  }
  const faded = -Math.expm1(-decay) / decay;
  const variance = (days ** 3 / decay ** 2) * (1 - 2 * faded - Math.expm1(-2 * decay) / (2 * decay));
  return {
    expected: days * (rest + (rate - rest) * faded),
    deviation: deviation * Math.sqrt(Math.max(0, variance)),
  };
}

const SMALL_DECAY = 1e-3;

/** k·T: how often the distance to the rest is divided by e. */
function decayOf({ halfLifeDays }: FadingRate, days: number): number {
  if (days === 0) return 0;
  return halfLifeDays === 0 ? Infinity : (Math.LN2 * days) / halfLifeDays;
}

function checked(fading: FadingRate, days: number): FadingRate {
  const { deviation, halfLifeDays, rate, rest } = fading;
  for (const [field, value] of Object.entries({ rate, rest })) {
    if (!Number.isFinite(value)) throw new InvalidInputError(field, value, 'is not a number', 'Give it per day.');
  }
  for (const [field, value] of Object.entries({ deviation, days })) {
    if (value >= 0 && Number.isFinite(value)) continue;
    throw new InvalidInputError(field, value, 'is not a finite number from 0', 'Check its source.');
  }
  if (halfLifeDays >= 0) return fading;
  throw new InvalidInputError('halfLifeDays', halfLifeDays, 'is not a time', 'Write Infinity for what never fades.');
}
