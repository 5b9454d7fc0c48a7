import { perpV2Margin, perpV2MarginAfter, readPerpV2Account } from '@evenkeel/adapters/perp-v2';
import type { Address, GasUse, PositionReading, TradeQuote } from '@evenkeel/core';
import type { ChoiceTerms, Contender } from '@evenkeel/core/choose';
import { perpetualMargin } from '@evenkeel/core/margin';
import { holdingKey, holdingsOf } from './look.js';
import type { DerivativeChain, Markets } from './markets.js';
import { BELIEFS, CAPITAL_RATE, DEADLINE_SECONDS, MARGIN_LIMITS, RISK_WEIGHT, SLIPPAGE_BPS } from './terms.js';

/** When and where a hedge is looked at. */
export interface HedgeContext {
  readonly markets: Markets;
  readonly owner: Address;
  readonly spot: number;
  readonly nowSeconds: number;
  readonly expirySeconds: number;
  /** Wei per unit of gas, by chain. */
  readonly gasPriceWei: Readonly<Record<number, bigint>>;
}

/** Days until the options expire: so long a hedge is held. */
export function daysLeft({ expirySeconds, nowSeconds }: HedgeContext): number {
  return Math.max(0, expirySeconds - nowSeconds) / 86_400;
}

export function termsOf(context: HedgeContext): Omit<ChoiceTerms, 'deltaUnits'> {
  const { gasPriceWei, nowSeconds, owner, spot } = context;
  return {
    owner,
    spot,
    slippageBps: SLIPPAGE_BPS,
    deadline: nowSeconds + DEADLINE_SECONDS,
    days: daysLeft(context),
    capitalRate: CAPITAL_RATE,
    gasCost: (gas: readonly GasUse[]) =>
      gas.reduce((sum, { chainId, units }) => sum + Number(units * gasPriceWei[chainId]!) * 1e-18 * spot, 0),
    riskWeight: RISK_WEIGHT,
    marginLimits: MARGIN_LIMITS,
  };
}

const NAMES = { perp: 'vETH', loan: 'WETH', spot: 'WETH' } as const;

/** What may be traded on each chain, each with what is held of it. */
export function contendersOf(
  readings: readonly PositionReading[],
  { markets, owner, spot }: Pick<HedgeContext, 'markets' | 'owner' | 'spot'>,
  kinds: readonly (keyof typeof NAMES)[],
): readonly Contender[] {
  const holdings = holdingsOf(markets, readings);
  return markets.chains.flatMap((at) =>
    kinds.map((name): Contender => {
      const adapter = markets.adapters[name];
      const chainId = at.chain.id;
      const heldUnits = holdings.get(holdingKey(adapter.id, chainId)) ?? '0';
      const base = { adapter, chainId, instrument: NAMES[name], belief: BELIEFS[name], heldUnits };
      if (name !== 'perp') return base;
      return { ...base, margin: (quote, signal) => marginSteps(at, owner, quote, spot, signal) };
    }),
  );
}

async function marginSteps(
  { perp }: DerivativeChain,
  owner: Address,
  quote: TradeQuote,
  spot: number,
  signal: AbortSignal,
) {
  const before = perpV2Margin(await readPerpV2Account(perp, owner, signal));
  return [
    { step: 'now', account: perpetualMargin(before) },
    { step: 'the trade', account: perpetualMargin(perpV2MarginAfter(before, quote, spot)) },
  ];
}
