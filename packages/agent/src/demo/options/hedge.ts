import { perpV2Margin, perpV2MarginAfter, readPerpV2Account } from '@evenkeel/adapters/perp-v2';
import {
  type Address,
  type CostCurve,
  decide,
  type Decision,
  type GasUse,
  parsePolicyConfig,
  type PolicyConfig,
  type TradeQuote,
} from '@evenkeel/core';
import {
  chooseInstrument,
  type ChoiceTerms,
  type Contender,
  holdingCurve,
  type InstrumentChoice,
  NoInstrumentError,
} from '@evenkeel/core/choose';
import { type MarginLimits, perpetualMargin } from '@evenkeel/core/margin';
import type { HoldingBelief } from '@evenkeel/core/holding';
import { type BookLook, hedgeUnits, holdingKey } from './look.js';
import type { DerivativeChain, Markets } from './markets.js';

export const RISK_AVERSION = 0.001;
export const ANNUAL_VOLATILITY = 0.75;
/** What capital would earn elsewhere, per year. */
const CAPITAL_RATE = 0.04;
/** So many standard deviations of what holding costs are added to it. */
const RISK_WEIGHT = 0.5;
const SLIPPAGE_BPS = 50;
export const MARGIN_LIMITS: MarginLimits = { maxLeverage: 6, minDistance: 0.12 };

/** Premiums of the perpetual fade within days and are noisy; pools are at the spot at once; a loan's rate stays. */
const BELIEFS: Readonly<Record<'loan' | 'perp' | 'spot', HoldingBelief>> = {
  perp: { halfLifeDays: 2, ratePerSqrtDay: 0.0002, basisPerSqrtDay: 0.0002 },
  spot: { halfLifeDays: 0 },
  loan: { halfLifeDays: Infinity },
};

const policyFor = (monitoringSeconds: number): PolicyConfig =>
  parsePolicyConfig({
    rule: { kind: 'whalley-wilmott-1999', corrected: true },
    riskAversion: { perNumeraire: RISK_AVERSION },
    targetDeltaUnits: '0',
    monitoringSeconds,
    settlement: 'unwind',
    maxCostBps: 150,
    lotUnits: '0.01',
  });

export interface HedgeContext {
  readonly markets: Markets;
  readonly owner: Address;
  readonly spot: number;
  readonly nowSeconds: number;
  readonly expirySeconds: number;
  /** Between two looks at the book. */
  readonly stepSeconds: number;
  /** Wei per unit of gas, by chain. */
  readonly gasPriceWei: Readonly<Record<number, bigint>>;
}

/** Curves of the look before: good enough to see that nothing is to be done. */
export interface KnownCurves {
  readonly buy: CostCurve | undefined;
  readonly sell: CostCurve | undefined;
}

export interface Hedging {
  readonly decision: Decision;
  readonly curves: KnownCurves;
  /** For the size that was decided. */
  readonly choice: InstrumentChoice | undefined;
  /** All that competed, at all sizes. */
  readonly choices: readonly InstrumentChoice[];
}

/**
 * One decision of the policy, with instruments competing inside of it: what a size costs is what the cheapest costs to
 * hold until expiry. Where the curves of the look before say that nothing is to be done, nobody is asked.
 */
export async function decideHedge(
  look: BookLook,
  context: HedgeContext,
  known: KnownCurves,
  signal: AbortSignal,
): Promise<Hedging> {
  const deviation = Number(look.exposure.delta.low) / 2 + Number(look.exposure.delta.high) / 2;
  const side = deviation > 0 ? 'sell' : 'buy';
  if (known.buy !== undefined && known.sell !== undefined) {
    const decision = decideWith(look, context, known);
    if (decision.action === 'hold') return { decision, curves: known, choice: undefined, choices: [] };
  }
  const sizes = sizesFor(deviation);
  const other = side === 'sell' ? 'buy' : 'sell';
  const own = await choicesOf(side, sizes, look, context, signal);
  const others = known[other] === undefined ? await choicesOf(other, sizes, look, context, signal) : [];
  const terms = { spot: context.spot, gasCost: gasCostIn(context) };
  const curves = {
    [side]: holdingCurve(side, own, terms),
    [other]: known[other] ?? holdingCurve(other, others, terms),
  } as Readonly<Record<'buy' | 'sell', CostCurve>>;
  const decision = decideWith(look, context, curves);
  const choices = [...own, ...others];
  if (decision.action === 'hold') return { decision, curves, choice: undefined, choices };
  const choice = await choose(decision.deltaChangeUnits, look, context, signal);
  return { decision, curves, choice, choices: [...choices, choice] };
}

function decideWith(look: BookLook, context: HedgeContext, { buy, sell }: KnownCurves): Decision {
  return decide({
    config: policyFor(context.stepSeconds),
    exposure: look.exposure,
    notional: context.spot,
    volatility: { annualVolatility: ANNUAL_VOLATILITY },
    annualRate: 0,
    buyCurve: buy!,
    sellCurve: sell!,
    horizonSeconds: Math.max(3_600, context.expirySeconds - context.nowSeconds),
    latencySeconds: 12,
    nowSeconds: context.nowSeconds,
    holdingUnits: hedgeUnits(look),
  });
}

/** The whole way back and half of it; at least what a small hedge would be. */
function sizesFor(deviation: number): readonly number[] {
  const whole = Math.max(0.5, Number(Math.abs(deviation).toFixed(2)));
  return [Number((whole / 2).toFixed(2)), whole];
}

/** Nothing where no instrument takes it: then there is no way to trade on that side. */
async function choicesOf(
  side: 'buy' | 'sell',
  sizes: readonly number[],
  look: BookLook,
  context: HedgeContext,
  signal: AbortSignal,
): Promise<readonly InstrumentChoice[]> {
  const choices: InstrumentChoice[] = [];
  for (const size of sizes) {
    try {
      choices.push(await choose(`${side === 'sell' ? '-' : ''}${size}`, look, context, signal));
    } catch (error) {
      if (!(error instanceof NoInstrumentError)) throw error;
    }
  }
  return choices;
}

/** All instruments on all chains compete for one size. */
export function choose(
  deltaUnits: string,
  look: BookLook,
  context: HedgeContext,
  signal: AbortSignal,
): Promise<InstrumentChoice> {
  return chooseInstrument(contendersOf(look, context), { ...termsOf(context), deltaUnits }, signal);
}

/** Held until the options expire. */
export function termsOf(context: HedgeContext): Omit<ChoiceTerms, 'deltaUnits'> {
  const { expirySeconds, nowSeconds, owner, spot } = context;
  return {
    owner,
    spot,
    slippageBps: SLIPPAGE_BPS,
    deadline: nowSeconds + 600,
    days: Math.max(0, expirySeconds - nowSeconds) / 86_400,
    capitalRate: CAPITAL_RATE,
    gasCost: gasCostIn(context),
    riskWeight: RISK_WEIGHT,
    marginLimits: MARGIN_LIMITS,
  };
}

function gasCostIn({ gasPriceWei, spot }: HedgeContext): (gas: readonly GasUse[]) => number {
  return (gas) =>
    gas.reduce((sum, { chainId, units }) => sum + Number(units * gasPriceWei[chainId]!) * 1e-18 * spot, 0);
}

export function contendersOf(look: BookLook, { markets, owner, spot }: HedgeContext): readonly Contender[] {
  const names = { perp: 'vETH', spot: 'WETH', loan: 'WETH' } as const;
  return markets.chains.flatMap((at) =>
    (['perp', 'spot', 'loan'] as const).map((name): Contender => {
      const adapter = markets.adapters[name];
      const chainId = at.chain.id;
      const heldUnits = look.holdings.get(holdingKey(adapter.id, chainId)) ?? '0';
      const base = { adapter, chainId, instrument: names[name], belief: BELIEFS[name], heldUnits };
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
