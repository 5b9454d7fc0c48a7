import { Decimal, fromAtoms, type TokenAmount } from '@evenkeel/core';
import {
  type HedgingResult,
  hindsightOptimum,
  type RebalancingEfficiency,
  rebalancingEfficiency,
} from '@evenkeel/core/report';
import { ANNUAL_VOLATILITY, RISK_AVERSION } from './terms.js';
import type { BookRun } from './records.js';

/** What the book made and what it cost, numeraire. */
export interface BookAccount {
  readonly pnl: {
    /** Options, against the venue's own volatility at which they were opened. */
    readonly options: number;
    /** Hedges at the spots of their trades. */
    readonly hedges: number;
    /** Sum of the costs, below zero. */
    readonly costs: number;
    /** Closing less opening of all wallets. */
    readonly total: number;
    /** `total` less the parts: rounding. */
    readonly unattributed: number;
  };
  readonly costs: {
    /** Paid above zero. */
    readonly byKind: Readonly<Record<'funding' | 'gas' | 'interest' | 'optionSpread' | 'trading', number>>;
    readonly total: number;
  };
  /** Of hedging alone: what it cost and left open, against the best in hindsight. */
  readonly efficiency: RebalancingEfficiency;
}

const SECONDS_PER_YEAR = 365 * 86_400;

/**
 * Every part is measured by itself: options from what sUSD did to the wallets, hedges and their costs from the receipts of
 * each trade, funding and interest from what was settled. Nothing is the rest of something else.
 */
export function accountFor(run: BookRun): BookAccount {
  const { closing: endSpot } = run.spot;
  const trades = run.trades.map(({ measured, spot }) => ({ ...measured, spot }));
  const sum = (of: (trade: (typeof trades)[number]) => number): number =>
    trades.reduce((total, each) => total + of(each), 0);
  const optionSpread = run.opened.reduce((total, { spreadCost }) => total + spreadCost, 0);
  const byKind = {
    optionSpread,
    trading: sum(({ tradingCost }) => tradingCost),
    funding: sum(({ funding }) => funding),
    interest: sum(({ borrowedUnits, suppliedDollars }) => suppliedDollars - borrowedUnits * endSpot),
    gas: run.gas.book + run.gas.hedge,
  };
  const cost = Object.values(byKind).reduce((total, each) => total + each, 0);
  const options = changeOf(run, (symbol) => symbol === 'sUSD') + optionSpread;
  const hedges = sum(({ spot, units }) => units * (endSpot - spot));
  // Ether that went for gas counts at the spot of its time, not at the last one.
  const total = changeOf(run, (symbol) => symbol !== 'ETH') - byKind.gas;
  return Object.freeze({
    pnl: { options, hedges, costs: -cost, total, unattributed: total - (options + hedges - cost) },
    costs: { byKind, total: cost },
    efficiency: efficiencyOf(run, byKind.trading + byKind.funding + byKind.interest + run.gas.hedge),
  });
}

/** Closing less opening of the tokens of some symbols, at the last spot. */
function changeOf({ spot, wallets }: BookRun, counts: (symbol: string) => boolean): number {
  const worth = (held: readonly TokenAmount[]): Decimal =>
    held
      .filter(({ token }) => counts(token.symbol))
      .reduce(
        (total, { atoms, token }) =>
          total.plus(new Decimal(fromAtoms(token, atoms)).times(priceOf(token.symbol, spot))),
        new Decimal(0),
      );
  return worth(wallets.closing).minus(worth(wallets.opening)).toNumber();
}

const priceOf = (symbol: string, { closing }: BookRun['spot']): number =>
  symbol === 'USDC' || symbol === 'sUSD' ? 1 : closing;

/** Open delta counts by its expected variance, (σS)²δ²dt, for both: luck makes nobody better. */
function efficiencyOf({ endSeconds, leastShares, looks }: BookRun, cost: number): RebalancingEfficiency {
  const years = (at: number): number =>
    ((looks[at + 1]?.atSeconds ?? endSeconds) - looks[at]!.atSeconds) / SECONDS_PER_YEAR;
  const trackingVariance = looks.reduce(
    (total, { delta, spot, tradedUnits }, at) =>
      total + (ANNUAL_VOLATILITY * spot * (delta + tradedUnits)) ** 2 * years(at),
    0,
  );
  const optimum: HedgingResult = hindsightOptimum(
    looks.map(({ bookDelta, spot }, at) => ({ bookDeltaUnits: bookDelta, spot, years: years(at) })),
    {
      riskAversion: RISK_AVERSION,
      annualVolatility: ANNUAL_VOLATILITY,
      costShare: middleOf(leastShares),
      fixedCost: 0,
    },
  );
  return rebalancingEfficiency({
    riskAversion: RISK_AVERSION,
    optimum,
    realised: { cost: Math.max(0, cost), trackingVariance },
  });
}

/** The median: one look in which somebody offers a unit below its price makes no trade of the others free. */
function middleOf(shares: readonly number[]): number {
  const sorted = [...shares].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  return low === undefined || high === undefined ? 0 : (low + high) / 2;
}
