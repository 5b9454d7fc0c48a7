import { costFunction } from '../policy/cost-function.js';
import type { TradeDecision } from '../policy/decision.js';
import { planSchedule } from '../schedule/plan-schedule.js';
import type { TradingCostsByKind } from './books.js';
import type { BacktestPolicy, Episode } from './episode.js';
import { curveAt } from './trading-costs.js';

/** A part of a programme that waits for its block. */
export interface PendingFill {
  readonly atSeconds: number;
  /** Signed. */
  readonly units: number;
}

/** A decision's trade as the schedule station spreads it, each part at the block that takes it. Ascending times. */
export function plannedFills(
  episode: Episode,
  { config, schedule: { recoverySeconds, request } }: BacktestPolicy,
  { deltaChangeUnits, inputs }: TradeDecision,
  gas: number,
): PendingFill[] {
  const { decidedAtSeconds: now, riskAversion, spot: spotText } = inputs;
  const spot = Number(spotText);
  const { slices } = planSchedule({
    request,
    deltaChangeUnits,
    lotUnits: config.lotUnits,
    curve: curveAt(episode.costs, deltaChangeUnits.startsWith('-') ? 'sell' : 'buy', spot, gas),
    startSeconds: now,
    nowSeconds: now,
    deadlineSeconds: now + (request.kind === 'single' ? 1 : request.spanSeconds),
    recoverySeconds,
    riskPerSquaredUnitYear: (riskAversion.perNumeraire / 2) * (inputs.annualVolatility * spot) ** 2,
  });
  return slices.map(({ atSeconds, deltaUnits }) => ({
    atSeconds: blockAfter(episode, atSeconds),
    units: Number(deltaUnits),
  }));
}

function blockAfter({ blockSeconds, latencySeconds, path }: Episode, seconds: number): number {
  if (latencySeconds === 0) return seconds;
  const passed = seconds + latencySeconds - path.startSeconds;
  return path.startSeconds + Math.ceil(passed / blockSeconds) * blockSeconds;
}

/** What a fill costs at a price and gas: the first unit's price for all of it, what its size adds, and gas. */
export function fillCosts({ costs }: Episode, units: number, price: number, gas: number): TradingCostsByKind {
  const size = Math.abs(units);
  const curve = costFunction(curveAt(costs, units < 0 ? 'sell' : 'buy', price, gas));
  const fee = curve.marginalCost(0) * size;
  return { fee, impact: Math.max(0, curve.variableCost(size) - fee), gas };
}

/** Gas of the last step that has begun. */
export function gasAt({ gas, path }: Episode, seconds: number): number {
  if (typeof gas === 'number') return gas;
  const step = Math.floor((seconds - path.startSeconds) / path.stepSeconds);
  return gas[Math.min(step, gas.length - 1)]!;
}
