import { deltaVolatility, type HalfBand, type Market, type TrendView } from './market.js';
import type { RuleOutcome } from './rules/rule.js';

type BandOutcome = Extract<RuleOutcome, { kind: 'band' }>;

const SECONDS_PER_YEAR = 365 * 86_400;
/** However strongly the price is said to answer to its moves, a band becomes no wider or narrower than this allows. */
const LEAST_RESPONSE = -0.5;
const MOST_RESPONSE = 1;

/** What is left over so many years of a drift that halves every so often, in years of the drift now. */
export function yearsOfDrift({ halfLifeSeconds }: TrendView, years: number): number {
  const rate = (Math.LN2 * SECONDS_PER_YEAR) / halfLifeSeconds;
  return (1 - Math.exp(-rate * years)) / rate;
}

/**
 * Leans a band against what a trend is expected to do to the delta before the next trade.
 *
 * A deviation lives for about L = (H/ν)², until it has diffused across the band, or until the end. Where the spot is
 * expected to move by μ = S·E[r_L] meanwhile, the holding of least variance is not the delta but delta + Γμ, the
 * regression of the book's change on the spot's (Cov(ΔV, ΔS)/Var(ΔS) to second order), so that the target of a book with
 * gamma Γ moves by −Γμ. A book that is short gamma also loses by its own lag when moves go on; for one that is long, the
 * lag earns what the lean would save in variance, and its band is left alone.
 *
 * As the forecast answers to each move, the hedge that is wanted moves by 1 + ρ times the delta's drift, and the band is
 * wider by (1 + ρ)^⅔, as ν enters it (Whalley and Wilmott 1997). No trade passes the middle of the unmoved band.
 */
export function preempted(market: Market, outcome: BandOutcome): BandOutcome {
  const { trend } = market;
  if (trend === undefined) return outcome;
  const drift = deltaVolatility(market);
  if (!(market.gammaPerUnit < 0) || !(drift > 0)) return outcome;
  // Whether to begin at all, where every beginning must be unwound, is not a question of days.
  if (market.settlement === 'unwind' && market.holdingUnits === 0) return outcome;
  const { buy, centreShiftUnits, land, sell } = outcome;
  const reach = (buy.outer + sell.outer) / 2;
  const lifeYears = Math.min(market.years, (reach / drift) ** 2);
  const driftYears = yearsOfDrift(trend, lifeYears);
  const response = Math.min(MOST_RESPONSE, Math.max(LEAST_RESPONSE, trend.annualDriftPerReturn * driftYears));
  const widening = Math.cbrt((1 + response) ** 2);
  const widened = ({ inner, outer }: HalfBand): HalfBand => ({ inner: inner * widening, outer: outer * widening });
  const lean = -market.gammaPerUnit * market.spot * trend.annualDrift * driftYears;
  const shift = Math.min(buy.inner * widening, Math.max(-sell.inner * widening, lean));
  return {
    ...outcome,
    buy: widened(buy),
    sell: widened(sell),
    centreShiftUnits: centreShiftUnits + shift,
    ...(land === undefined
      ? {}
      : {
          land: (side, deviation) => {
            const end = land(side, deviation / widening);
            if (end >= 0) return Math.min(deviation, widening * end);
            // No holding at all stays where it is.
            return end + (side === 'buy' ? shift : -shift);
          },
        }),
  };
}
