import { EvenkeelError } from '@evenkeel/intents';
import type { CostCurve } from '../model/cost-curve.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import { midpoint } from '../model/interval.js';
import { costCurve } from '../route/cost-curve.js';
import { hedgeRequest } from './hedge-request.js';
import type { Portfolio } from './portfolio.js';
import type { Survey } from './survey.js';

/** Shares of the distance to the target at which the cost is sampled. */
const SAMPLES = [0.05, 0.15, 0.35, 0.6, 0.85, 1, 1.2] as const;
/** Convex problems for one sample at the most: the policy needs the shape, the route itself is solved in full later. */
const POINT_NODES = 120;
/** Where the book stands on its target, this share of what it holds is sampled instead. */
const LEAST_SHARE = 0.02;

/** C(q) for both directions, from one survey: what the policy weighs against risk. */
export interface CostCurves {
  readonly buy: CostCurve;
  readonly sell: CostCurve;
}

/**
 * Cost curves over the sizes that are in question: the distance to the target, or what was requested. A direction in which nothing can be traded has a curve without points.
 */
export function costCurves(
  portfolio: Portfolio,
  survey: Survey,
  riskAversion: number,
  requested: DecimalString | undefined,
): CostCurves {
  const { annualVolatility } = survey;
  const wanted = requested ?? new Decimal(midpoint(survey.exposure.delta)).minus(portfolio.policy.targetDeltaUnits);
  const distance = new Decimal(wanted).abs();
  const gross = survey.exposure.positions.reduce(
    (sum, { delta }) => sum.plus(delta === undefined ? 0 : new Decimal(midpoint(delta)).abs()),
    new Decimal(0),
  );
  const lot = new Decimal(portfolio.policy.lotUnits);
  const scale = Decimal.max(distance, gross.times(LEAST_SHARE), lot.times(20));
  const sizes = SAMPLES.map((share) => Number(scale.times(share).toPrecision(9)));
  const curve = (side: 'buy' | 'sell'): CostCurve => {
    const sign = side === 'buy' ? '' : '-';
    const request = hedgeRequest(portfolio, survey, {
      deltaChangeUnits: `${sign}${scale.toPrecision(9)}`,
      annualVolatility,
      riskAversion,
      onShortfall: 'partial',
      nodeBudget: Math.min(POINT_NODES, portfolio.nodeBudget ?? POINT_NODES),
    });
    try {
      return costCurve(request, sizes);
    } catch (error) {
      if (!(error instanceof EvenkeelError) || !NOTHING_TO_TRADE.has(error.code)) throw error;
      return { side, referencePrice: Number(survey.reference.price), fixedCost: 0, points: [] };
    }
  };
  return Object.freeze({ buy: curve('buy'), sell: curve('sell') });
}

const NOTHING_TO_TRADE: ReadonlySet<string> = new Set(['ROUTE_DISCONNECTED', 'ROUTE_INFEASIBLE']);
