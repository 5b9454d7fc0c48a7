import { bisect } from './bisect.js';
import type { CostFunction } from './cost-function.js';
import { impulseBand } from './impulse-band.js';
import { deltaVolatility, type Market } from './market.js';

/** How averse to tracking error: γ itself, or what the owner would spend on hedging. */
export type RiskAversion = { readonly perNumeraire: number } | { readonly budgetBpsPerMonth: number };

const MONTHS_PER_YEAR = 12;
const LEAST = 1e-15;
const MOST = 1e6;

/**
 * What the uncorrected band spends a month, in basis points of the notional: ν²/(H² − h²) trades a year of C(H − h)
 * each, which is ν² times the average cost of a unit over H + h; the mean of the two sides. Rises with γ.
 */
export function hedgingCostBpsPerMonth(
  market: Market,
  buy: CostFunction,
  sell: CostFunction,
  notional: number,
): number {
  const perYear = (costPerYear(market, buy) + costPerYear(market, sell)) / 2;
  return (perYear / MONTHS_PER_YEAR / notional) * 10_000;
}

function costPerYear(market: Market, cost: CostFunction): number {
  const drift = deltaVolatility(market);
  if (drift === 0 || cost.maxSizeUnits === 0) return 0;
  const { inner, outer } = impulseBand(market, cost);
  const lot = outer - inner;
  const average = lot > 0 ? (cost.fixedCost + cost.variableCost(lot)) / lot : cost.marginalCost(0);
  return average === 0 ? 0 : (drift * drift * average) / (outer + inner);
}

/**
 * γ per numeraire. A budget is turned into the γ whose band spends it, by bisection over the logarithm of γ. A budget
 * that cannot be spent (hardly any gamma, hardly any cost) gives the largest γ, so that such a book is hedged in full;
 * one that even the widest band exceeds gives the smallest.
 */
export function riskAversionOf(
  wanted: RiskAversion,
  market: Omit<Market, 'riskAversion'>,
  buy: CostFunction,
  sell: CostFunction,
  notional: number,
): number {
  if ('perNumeraire' in wanted) return wanted.perNumeraire;
  const logarithm = bisect(
    Math.log(LEAST),
    Math.log(MOST),
    (log) =>
      wanted.budgetBpsPerMonth -
      hedgingCostBpsPerMonth({ ...market, riskAversion: Math.exp(log) }, buy, sell, notional),
  );
  return Math.exp(logarithm);
}
