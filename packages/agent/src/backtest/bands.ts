import { curveAt, type TradingCosts } from '@evenkeel/core/backtest';
import { type Book, type HedgingProblem, impactOfCurves } from '@evenkeel/core/lattice';
import { termsOf } from './config.js';
import { BacktestConfigInvalidError } from './errors.js';
import { bookSeconds } from './legs.js';
import type { BacktestConfig } from './schema.js';
import type { GasSeries } from './study.js';

const SECONDS_PER_YEAR = 365 * 86_400;
const DAYS_PER_YEAR = 365;
const MOST_STEPS = 1440;

type PolicyEntry = BacktestConfig['policies'][number];

/**
 * The exact optimum of one copy of the book, as a problem for the lattice, with a volatility of its own: a book that ends
 * at once is read by the variance that remains, so that time is laid out for the highest volatility that is served.
 *
 * @throws BacktestConfigInvalidError where no one table fits all episodes
 */
export function latticeProblem(
  config: BacktestConfig,
  policy: PolicyEntry,
  costs: TradingCosts,
  gasSeries: GasSeries | undefined,
): HedgingProblem | undefined {
  const { book, carry, latencySeconds } = config;
  const { lattice } = policy;
  if (lattice === undefined) return undefined;
  const refuse = (problem: string, hint: string): never => {
    throw new BacktestConfigInvalidError(`policies.${policy.name}.lattice`, lattice, problem, hint);
  };
  const { monitoringSeconds, riskAversion, settlement } = termsOf(config, policy);
  const spot = book.normalisedSpotUsd;
  if (policy.rule.kind !== 'optimal') return refuse('is for the rule "optimal"', 'Leave it out.');
  if (book.file !== undefined) return refuse('needs books that start alike', 'Leave it out: the closed form decides.');
  if (spot === undefined) return refuse('needs books that start alike', 'Set book.normalisedSpotUsd.');
  if (book.hedged === 'together' && book.startEveryDays !== undefined) {
    return refuse('needs books that are hedged alone', 'Set book.hedged to "separately".');
  }
  if (!('perUsd' in riskAversion)) return refuse('needs a risk aversion', 'Set riskAversion.perUsd.');
  if (settlement === 'none') return refuse('needs an end', 'Set settlement to "free" or "unwind".');
  const seconds = bookSeconds(book.legs);
  const endsAtOnce = book.legs.every(
    (leg) => (leg.kind === 'option' ? leg.daysToExpiry : leg.days) * 86_400 === seconds,
  );
  const stretch = endsAtOnce ? (lattice.mostAnnualVolatilityPercent / lattice.annualVolatilityPercent) ** 2 : 1;
  const years = (seconds / SECONDS_PER_YEAR) * Math.max(1, stretch);
  const gas = typicalGas(config, gasSeries);
  const isLinear = costs.buy.length === 1 && costs.sell.length === 1;
  const { impact, proportionalCost } = impactOfCurves(
    curveAt(costs, 'buy', spot, gas),
    curveAt(costs, 'sell', spot, gas),
  );
  return {
    book: latticeBook(config, spot, endsAtOnce, refuse),
    spot,
    annualVolatility: lattice.annualVolatilityPercent / 100,
    logVarianceStdDev: lattice.logVarianceStdDev,
    years,
    steps: Math.min(MOST_STEPS, Math.max(1, Math.round((years * SECONDS_PER_YEAR) / monitoringSeconds))),
    annualRate: carry.annualRatePercent / 100,
    proportionalCost,
    fixedCost: gas,
    ...(isLinear ? {} : { impact }),
    riskAversion: riskAversion.perUsd,
    settlement,
    latencyYears: latencySeconds / SECONDS_PER_YEAR,
  };
}

function latticeBook(
  { book }: BacktestConfig,
  spot: number,
  endsAtOnce: boolean,
  refuse: (problem: string, hint: string) => never,
): Book {
  return book.legs.map((leg) => {
    if (leg.startDay !== 0) return refuse('needs legs that start together', 'Leave out startDay.');
    switch (leg.kind) {
      case 'option':
        return {
          kind: leg.optionType,
          units: leg.sizeUnits,
          strike: (spot * leg.strikePercentOfSpot) / 100,
          // A book that ends at once ends with its time, however that is laid out.
          ...(endsAtOnce ? {} : { years: leg.daysToExpiry / DAYS_PER_YEAR }),
        };
      case 'liquidity': {
        const low = (spot * (leg.lowPercentOfSpot ?? 0)) / 100;
        const high = (spot * (leg.highPercentOfSpot ?? Infinity)) / 100;
        const worth = Math.sqrt(spot) - Math.sqrt(low) + spot * (1 / Math.sqrt(spot) - 1 / Math.sqrt(high));
        return { kind: 'lp', units: 1, liquidity: leg.valueUsd / worth, low, high };
      }
      case 'holding':
        return refuse('has no holdings in its book', 'Leave the holding out, or the lattice.');
    }
  });
}

function typicalGas({ gas }: BacktestConfig, series: GasSeries | undefined): number {
  switch (gas.kind) {
    case 'constant':
      return gas.usdPerTrade;
    case 'simulated':
      return gas.medianUsdPerTrade;
    case 'file': {
      const sorted = Float64Array.from(series!.usdPerTrade).sort();
      return sorted[sorted.length >> 1]!;
    }
  }
}
