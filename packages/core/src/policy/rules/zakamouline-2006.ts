import type { CostFunction } from '../cost-function.js';
import type { HalfBand, Market } from '../market.js';
import type { Rule, RuleContext } from './rule.js';

/** λ: the cost of the first unit as a share of the spot. */
function proportionalCost({ spot }: Market, cost: CostFunction): number {
  return cost.marginalCost(0) / spot;
}

/** The (e^{−rτ}/σ)^¼ that both fitted terms share. */
function discountOverVolatility({ annualRate, annualVolatility, years }: Market): number {
  return (Math.exp(-annualRate * years) / annualVolatility) ** 0.25;
}

/**
 * H = H0 + H1 with H0 = λ/(γSσ²τ), H1 = 1.12·λ^0.31·τ^0.05·(e^{−rτ}/σ)^0.25·(|Γ|/γ)^0.5, traded to the edge.
 * Fitted to numerical solutions; gas is not in the formula.
 *
 * Source: Zakamouline, "Efficient analytic approximation of the optimal hedging strategy for a European call option with
 * transaction costs" (2006).
 */
export function zakamouline2006Band(market: Market, cost: CostFunction): HalfBand {
  const { annualVolatility, gammaPerUnit, riskAversion, spot, years } = market;
  const lambda = proportionalCost(market, cost);
  const settled = lambda / (riskAversion * spot * annualVolatility ** 2 * years);
  const shape = discountOverVolatility(market) * Math.sqrt(Math.abs(gammaPerUnit) / riskAversion);
  const half = settled + 1.12 * lambda ** 0.31 * years ** 0.05 * shape;
  return { outer: half, inner: half };
}

/**
 * The volatility at which this rule takes the delta: σ²(1 − K) for a short book, σ²(1 + K) for a long one, with
 * K = −4.76·λ^0.78/τ^0.02·(e^{−rτ}/σ)^0.25·(γS²|Γ|)^0.15. A long book's variance is kept above nothing.
 */
export function zakamouline2006Volatility(market: Market, lambda: number): number {
  const { annualVolatility, gammaPerUnit, riskAversion, spot, years } = market;
  const curvatureTerm = (riskAversion * spot * spot * Math.abs(gammaPerUnit)) ** 0.15;
  const k = ((-4.76 * lambda ** 0.78) / years ** 0.02) * discountOverVolatility(market) * curvatureTerm;
  return annualVolatility * Math.sqrt(Math.max(0.01, gammaPerUnit < 0 ? 1 - k : 1 + k));
}

/**
 * The delta at the modified volatility differs from the plain one, so that hedging it shifts the centre of the band:
 * the plain delta that corresponds to a modified one at target is off by as much.
 */
function centreShift({ buy, deltaAtVolatility, market, sell }: RuleContext): number | undefined {
  if (deltaAtVolatility === undefined) return undefined;
  const lambda = (proportionalCost(market, buy) + proportionalCost(market, sell)) / 2;
  const modified = zakamouline2006Volatility(market, lambda);
  return deltaAtVolatility(market.annualVolatility) - deltaAtVolatility(modified);
}

export const zakamouline2006Rule: Rule = (context) => {
  const shift = centreShift(context);
  const band = {
    kind: 'band',
    buy: zakamouline2006Band(context.market, context.buy),
    sell: zakamouline2006Band(context.market, context.sell),
    centreShiftUnits: shift ?? 0,
  } as const;
  if (shift !== undefined) return band;
  return { ...band, caveat: 'Centred on the plain delta, for want of the delta at the modified volatility.' };
};
