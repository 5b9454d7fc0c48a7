import type { Contender } from '../choose/choose-instrument.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import type { GasUse } from '../model/quote.js';
import { costFunction } from '../policy/cost-function.js';
import type { InstrumentAdapter, TradeQuote } from '../ports/instrument.js';
import type { CostCurves } from '../rebalancer/cost-curves.js';
import { NoSpotRouteError } from './errors.js';

/** Under this id spot competes: whatever the router makes of all venues and bridges. */
export const ROUTED_SPOT = 'routed-spot';

/** Gas is asked for by so many units, so that its price is not lost in rounding. */
const GAS_UNITS = 1_000_000n;

export interface RoutedSpotInput {
  readonly underlying: string;
  readonly curves: CostCurves;
  /** A chain that answers: what is paid once whatever the size is told as gas of it. */
  readonly chainId: number;
  readonly atSeconds: number;
  readonly spot: number;
  /** Of the underlying as a token, units. */
  readonly heldUnits: DecimalString;
  readonly gasCost: (gas: readonly GasUse[]) => number;
}

/**
 * The underlying itself, as the router would trade it, as an instrument among others: it is priced by the curves that
 * the policy weighs, binds its price while it is held, and has no carry. What it builds nothing: where it is chosen, the
 * rebalancer trades as it does without instruments.
 */
export function routedSpot(input: RoutedSpotInput): Contender {
  const { atSeconds, chainId, curves, gasCost, heldUnits, spot, underlying } = input;
  const gasFor = (fixedCost: number): readonly GasUse[] => {
    const price = gasCost([{ chainId, units: GAS_UNITS }]) / Number(GAS_UNITS);
    return price > 0 ? [{ chainId, units: BigInt(Math.round(fixedCost / price)) }] : [];
  };
  const adapter: InstrumentAdapter = Object.freeze({
    kind: 'instrument',
    id: ROUTED_SPOT,
    name: 'Spot, routed',
    chains: Object.freeze([chainId]),
    targets: () => Object.freeze([]),
    list: () => Promise.resolve([{ id: underlying, chainId, kind: 'spot' as const, label: underlying }]),
    quote: ({ units }) => {
      const sells = units.startsWith('-');
      const size = new Decimal(units).abs().toNumber();
      const [own, other] = (sells ? [curves.sell, curves.buy] : [curves.buy, curves.sell]).map(costFunction);
      if (size > own!.maxSizeUnits) return Promise.reject(new NoSpotRouteError(units, own!.maxSizeUnits));
      const cost = own!.variableCost(size);
      const isWayBack = size <= other!.maxSizeUnits;
      return Promise.resolve(
        Object.freeze({
          id: `${ROUTED_SPOT}:${units}`,
          adapter: ROUTED_SPOT,
          chainId,
          instrument: underlying,
          units,
          flows: [],
          greeks: { deltaUnits: Number(units), gammaPerUnit: 0, vegaPerPoint: 0, thetaPerDay: 0 },
          cost,
          basis: 0,
          carryPerDay: 0,
          tiedUp: Number(units) * spot,
          closingCost: isWayBack ? other!.variableCost(size) : cost,
          gas: gasFor(own!.fixedCost),
          closingGas: gasFor(isWayBack ? other!.fixedCost : own!.fixedCost),
          validUntil: atSeconds,
          asOf: { source: ROUTED_SPOT, timeSeconds: atSeconds },
          payload: null,
        } satisfies TradeQuote),
      );
    },
    build: () => Object.freeze([]),
  } satisfies InstrumentAdapter);
  return { adapter, chainId, instrument: underlying, belief: { halfLifeDays: 0 }, heldUnits };
}
