import type { Contender } from '../../src/choose/choose-instrument.js';
import type { InstrumentAdapter, TradeQuote } from '../../src/ports/instrument.js';

export interface Formula {
  /** Numeraire, once for each trade; `gasCostOf` gives it back to the thousandth. */
  readonly gas: number;
  /** Numeraire for so many units, without gas. */
  readonly costOf: (units: number) => number;
  /** Throws for a size that it does not take. */
  readonly check?: (units: number) => void;
}

/** An instrument whose costs are a formula of its size: neither carry nor closing. */
export function formulaInstrument({ check, costOf, gas }: Formula, index: number): Contender {
  const quote = (units: string): TradeQuote => ({
    id: `${index}:${units}`,
    adapter: `venue-${index}`,
    chainId: 1,
    instrument: 'ETH',
    units,
    flows: [],
    greeks: { deltaUnits: Number(units), gammaPerUnit: 0, vegaPerPoint: 0, thetaPerDay: 0 },
    cost: costOf(Math.abs(Number(units))),
    basis: 0,
    carryPerDay: 0,
    tiedUp: 0,
    closingCost: 0,
    gas: [{ chainId: 1, units: BigInt(Math.round(gas * 1_000)) }],
    closingGas: [],
    validUntil: 1,
    asOf: { source: 'formula', timeSeconds: 0 },
    payload: null,
  });
  const adapter: InstrumentAdapter = {
    kind: 'instrument',
    id: `venue-${index}`,
    name: `venue ${index}`,
    chains: [1],
    targets: () => [],
    list: () => Promise.resolve([]),
    quote: async ({ units }) => {
      check?.(Math.abs(Number(units)));
      return quote(units);
    },
    build: () => [],
  };
  return { adapter, chainId: 1, instrument: 'ETH', belief: { halfLifeDays: Infinity } };
}

/** Numeraire of the gas of a {@link formulaInstrument}. */
export function gasCostOf(gas: readonly { readonly units: bigint }[]): number {
  return gas.reduce((sum, { units }) => sum + Number(units) / 1_000, 0);
}
