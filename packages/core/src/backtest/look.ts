import { assembleExposure } from '../exposure/assemble-exposure.js';
import { valuePosition } from '../exposure/value-position.js';
import type { Exposure } from '../model/exposure.js';
import type { PositionReading } from '../model/position.js';
import type { Token } from '../model/token.js';
import { toText } from '../exposure/number.js';
import { decide, type OpenProgramme } from '../policy/decide.js';
import { readBands } from '../policy/rules/prepared.js';
import type { BacktestPolicy, BacktestStep, Episode } from './episode.js';
import { gasAt } from './fills.js';
import { type Leg, notionalOf, positionOf } from './leg.js';
import { curveAt } from './trading-costs.js';
import { trendAt } from './trend-table.js';
import { volatilityAt } from './volatility-table.js';

const EXPOSURE_RULES = { maxAgeSeconds: 86_400, staleSharePerHour: '0.25' } as const;
/** Stands for what the hedge is held in. */
const HEDGE: Token = Object.freeze({
  chainId: 1,
  address: '0x0000000000000000000000000000000000000001',
  symbol: 'HEDGE',
  decimals: 18,
});

/** What is known when the book is looked at. */
export interface LookInput {
  readonly episode: Episode;
  readonly policy: BacktestPolicy;
  readonly live: readonly Leg[];
  readonly seconds: number;
  readonly spot: number;
  readonly holdingUnits: number;
  readonly lastTradeSeconds: number | undefined;
  readonly open: OpenProgramme | undefined;
}

/** What was decided, and the delta of the book without its hedge. */
export interface Look {
  readonly step: BacktestStep;
  readonly bookDelta: number;
}

/** The exposure and policy stations at one moment. Horizon and volatility are those until the last live leg ends. */
export function look(input: LookInput): Look {
  const { episode, holdingUnits, lastTradeSeconds, live, open, policy, seconds, spot } = input;
  const { carry, costs, latencySeconds } = episode;
  const gas = gasAt(episode, seconds);
  const horizonSeconds = live.reduce((last, leg) => Math.max(last, leg.endSeconds), 0) - seconds;
  const volatility = volatilityAt(policy.volatility, seconds, horizonSeconds);
  const { exposure, holding } = exposureOf(input);
  const decision = decide({
    config: policy.config,
    exposure,
    notional: live.reduce((sum, leg) => sum + notionalOf(leg, spot), 0),
    volatility,
    annualRate: carry.annualRate,
    buyCurve: curveAt(costs, 'buy', spot, gas),
    sellCurve: curveAt(costs, 'sell', spot, gas),
    horizonSeconds,
    latencySeconds,
    nowSeconds: seconds,
    holdingUnits,
    ...(policy.bands === undefined ? {} : { bands: readBands(policy.bands) }),
    ...(policy.trend === undefined ? {} : { trend: trendAt(policy.trend, seconds) }),
    ...(lastTradeSeconds === undefined ? {} : { lastTradeSeconds }),
    ...(open === undefined ? {} : { openProgramme: open }),
    deltaAtVolatility: (annualVolatility) =>
      live.reduce((sum, leg) => {
        const position = positionOf(leg, annualVolatility, carry.annualRate, seconds);
        return sum + valuePosition(position, spot, seconds).deltaUnits;
      }, holding),
  });
  const { annualVolatility } = volatility;
  return {
    step: { seconds, spot, annualVolatility, holdingUnits, gas, decision },
    bookDelta: exposure.positions.reduce((sum, { greeks }) => sum + (greeks?.deltaUnits ?? 0), -holding),
  };
}

/** The book as it is read: every leg at the forecast until its own end, and the hedge. */
function exposureOf({ episode, holdingUnits, live, policy, seconds, spot }: LookInput): {
  readonly exposure: Exposure;
  /** The hedge in whole atoms, as the exposure counts it. */
  readonly holding: number;
} {
  const asOf = { source: 'backtest', timeSeconds: seconds };
  const readings = live.map((leg): PositionReading => {
    const { annualVolatility } = volatilityAt(policy.volatility, seconds, leg.endSeconds - seconds);
    const position = positionOf(leg, annualVolatility, episode.carry.annualRate, seconds);
    return { status: 'known', id: leg.id, label: leg.id, position, asOf };
  });
  const atoms = BigInt(Math.round(holdingUnits * 1e18));
  readings.push({
    status: 'known',
    id: 'hedge',
    label: 'hedge',
    position: { kind: 'holding', amount: { token: HEDGE, atoms }, deltaPerUnit: '1', valuePerUnit: '0' },
    asOf,
  });
  const exposure = assembleExposure({
    underlying: 'BACKTEST',
    spot: toText(spot, 'spot'),
    readings,
    inFlight: [],
    nowSeconds: seconds,
    rules: EXPOSURE_RULES,
  });
  return { exposure, holding: Number(atoms) / 1e18 };
}
