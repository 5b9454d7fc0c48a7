import {
  type Episode,
  type Leg,
  priceAt,
  type PricePath,
  type TrendTable,
  volatilityAt,
  type VolatilityTable,
} from '@evenkeel/core/backtest';
import { BacktestConfigInvalidError } from './errors.js';
import { gasOf } from './gas.js';
import { type Ground, groundOf, simulatedSteps, stepSecondsOf } from './ground.js';
import { bookSeconds, legsOf } from './legs.js';
import type { Study } from './study.js';

const SECONDS_PER_DAY = 86_400;

/** An episode with the forecasts that its policies may see, by name. */
export interface PreparedEpisode {
  readonly episode: Episode;
  readonly volatilities: Readonly<Record<string, VolatilityTable>>;
  readonly trend: TrendTable | undefined;
}

/** The episodes of a study, each made when it is asked for, the same whoever asks. */
export interface Episodes {
  readonly count: number;
  readonly at: (index: number) => PreparedEpisode;
}

/** Where the copies of the book lie on a path, in its steps. */
interface Layout {
  readonly firstStep: number;
  readonly everySteps: number;
  readonly copySteps: number;
  readonly copies: number;
}

/** @throws BacktestConfigInvalidError when no book fits on the path */
export function episodesOf(study: Study): Episodes {
  const { book, market } = study.config;
  const layout = layoutOf(study);
  const perPath = book.hedged === 'together' ? 1 : layout.copies;
  const paths = market.kind === 'candles' ? 1 : market.paths;
  const ground = rememberLast((index: number) => groundOf(study, index));
  const at = (index: number): PreparedEpisode => {
    const pathIndex = Math.floor(index / perPath);
    const first = index % perPath;
    const count = book.hedged === 'together' ? layout.copies : 1;
    return prepare(study, ground(pathIndex), layout, { index, pathIndex, first, count });
  };
  return { count: paths * perPath, at };
}

function layoutOf({ config, history }: Study): Layout {
  const { book, market } = config;
  const stepsPerDay = SECONDS_PER_DAY / stepSecondsOf(market);
  const firstStep = Math.round(market.warmUpDays * stepsPerDay);
  const steps = market.kind === 'candles' ? history!.prices.length - 1 : simulatedSteps(market);
  const copySteps = Math.round((bookSeconds(book.legs) / SECONDS_PER_DAY) * stepsPerDay);
  const room = steps - firstStep - copySteps;
  if (!(room >= 0)) {
    const problem = `last ${copySteps} steps, and the path has ${Math.max(0, steps - firstStep)} after the warm-up`;
    const hint = 'Give more data or days, or a shorter book or warm-up.';
    throw new BacktestConfigInvalidError('book.legs', copySteps, problem, hint);
  }
  if (book.startEveryDays === undefined) return { firstStep, everySteps: 1, copySteps, copies: 1 };
  const everySteps = Math.round(book.startEveryDays * stepsPerDay);
  if (everySteps < 1) {
    const hint = 'Start books at least a step apart.';
    throw new BacktestConfigInvalidError('book.startEveryDays', book.startEveryDays, 'is less than a step', hint);
  }
  return { firstStep, everySteps, copySteps, copies: Math.floor(room / everySteps) + 1 };
}

interface Place {
  readonly index: number;
  readonly pathIndex: number;
  /** The first copy in the episode, and how many there are. */
  readonly first: number;
  readonly count: number;
}

function prepare(study: Study, { path, trend, volatilities }: Ground, layout: Layout, place: Place): PreparedEpisode {
  const { config, costs } = study;
  const { blockSeconds, book, carry, latencySeconds } = config;
  const { copySteps, everySteps, firstStep } = layout;
  const startOf = (copy: number): number => firstStep + copy * everySteps;
  const from = startOf(place.first);
  const to = startOf(place.first + place.count - 1) + copySteps;
  const scale = book.normalisedSpotUsd === undefined ? 1 : book.normalisedSpotUsd / path.prices[from]!;
  const own: PricePath = {
    startSeconds: path.startSeconds + from * path.stepSeconds,
    stepSeconds: path.stepSeconds,
    prices: path.prices.slice(from, to + 1).map((price) => price * scale),
  };
  const premium = book.premium === undefined ? undefined : volatilities[book.premium]!;
  const legs = Array.from({ length: place.count }, (_, i) => {
    const start = own.startSeconds + i * everySteps * path.stepSeconds;
    return legsOf(book.legs, place.first + i, start, (seconds) => priceAt(own, seconds));
  });
  const episode: Episode = {
    id: String(place.index),
    path: own,
    legs: legs.flat().map((leg) => (premium === undefined ? leg : withPremium(leg, premium))),
    costs,
    gas: gasOf(study, own, place.pathIndex, from),
    carry: {
      annualRate: carry.annualRatePercent / 100,
      annualFundingRate: carry.annualFundingPercent / 100,
      annualBorrowRate: carry.annualBorrowPercent / 100,
    },
    latencySeconds,
    blockSeconds,
  };
  return { episode, volatilities, trend };
}

function withPremium(leg: Leg, table: VolatilityTable): Leg {
  if (leg.kind !== 'option') return leg;
  const { annualVolatility } = volatilityAt(table, leg.startSeconds, leg.endSeconds - leg.startSeconds);
  return { ...leg, premiumVolatility: annualVolatility };
}

/** Keeps the last answer: neighbouring episodes lie on one path. */
function rememberLast<T>(make: (key: number) => T): (key: number) => T {
  let last: { readonly key: number; readonly made: T } | undefined;
  return (key) => {
    if (last?.key !== key) last = { key, made: make(key) };
    return last.made;
  };
}
