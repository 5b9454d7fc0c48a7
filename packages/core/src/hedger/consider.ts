import {
  chooseInstrument,
  type ChoiceTerms,
  type Contender,
  type InstrumentChoice,
} from '../choose/choose-instrument.js';
import { chooseSplit, type InstrumentSplit } from '../choose/choose-split.js';
import { NoInstrumentError } from '../choose/errors.js';
import { holdingCurve } from '../choose/holding-curve.js';
import { jointCurve } from '../choose/joint-curve.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import { midpoint } from '../model/interval.js';
import type { CostCurve } from '../model/cost-curve.js';
import type { GasUse } from '../model/quote.js';
import { sameToken } from '../model/token.js';
import type { TradeDecision } from '../policy/decision.js';
import { type Consideration, decideOn } from '../rebalancer.js';
import type { CostCurves } from '../rebalancer/cost-curves.js';
import type { Portfolio, RebalancerPorts } from '../rebalancer/portfolio.js';
import type { Survey } from '../rebalancer/survey.js';
import type { HedgeInstruments } from './instruments.js';
import { ROUTED_SPOT, routedSpot } from './routed-spot.js';

/** A decision to trade an instrument other than spot. */
export interface InstrumentDecision {
  readonly before: Survey;
  /** Of what is cheapest to hold. */
  readonly curves: CostCurves;
  readonly decision: TradeDecision;
  readonly choice: InstrumentChoice;
}

export interface ConsiderInput {
  readonly portfolio: Portfolio;
  readonly ports: RebalancerPorts;
  readonly instruments: HedgeInstruments;
  /** What the rebalancer sees and would decide with spot alone. */
  readonly spot: Consideration;
  /** A signed change that somebody asks for, instead of the policy. */
  readonly requested: DecimalString | undefined;
  readonly signal: AbortSignal;
}

/**
 * What competition makes of a look: another instrument takes the trade, none is worth it, or spot is the cheapest. With all
 * that competed, the size that was decided last.
 */
export type Weighed = { readonly choices: readonly InstrumentChoice[] } & (
  | { readonly kind: 'instrument'; readonly considered: InstrumentDecision }
  | {
      readonly kind: 'split';
      readonly considered: Consideration & { readonly decision: TradeDecision };
      readonly split: InstrumentSplit;
    }
  | { readonly kind: 'hold'; readonly considered: Consideration }
  | { readonly kind: 'spot' }
);

/** Nobody was asked. */
export const SPOT: Weighed = Object.freeze({ kind: 'spot', choices: Object.freeze([]) });

/**
 * Lets instruments compete inside of the decision: what a size costs is what the cheapest costs to hold, spot among them,
 * with the capital that spot binds.
 */
export async function considerInstruments(input: ConsiderInput): Promise<Weighed> {
  const { portfolio, ports, requested, spot } = input;
  const { before } = spot;
  const wanted = sizesOf(portfolio, before, requested);
  if (wanted === undefined) return SPOT;
  const { contenders, terms } = competition(input);
  if (contenders.length === 0) return SPOT;
  const choose = async (deltaUnits: DecimalString): Promise<InstrumentChoice | undefined> => {
    try {
      return await chooseInstrument([...contenders, spotContender(input)], { ...terms, deltaUnits }, input.signal);
    } catch (error) {
      if (error instanceof NoInstrumentError) return undefined;
      throw error;
    }
  };
  const choices: InstrumentChoice[] = [];
  for (const size of wanted.sizes) {
    const choice = await choose(size);
    if (choice !== undefined) choices.push(choice);
  }
  if (choices.length === 0) return SPOT;
  const decideBy = (curve: CostCurve): Consideration => {
    const curves = { ...spot.curves, [wanted.side]: curve };
    const size = requested === undefined ? undefined : new Decimal(requested);
    return Object.freeze({ before, curves, decision: decideOn({ portfolio, ports }, before, curves, size) });
  };
  const choiceOf = async (size: DecimalString): Promise<InstrumentChoice | undefined> =>
    choices.find(({ chosen }) => new Decimal(chosen.quote.units).eq(size)) ?? (await choose(size));
  const { maxParts = 1 } = input.instruments;
  if (maxParts > 1) {
    const jointly = decideBy(jointCurve(wanted.side, choices, { ...terms, maxParts }));
    const { decision } = jointly;
    const single = decision.action === 'trade' ? await choiceOf(decision.deltaChangeUnits) : undefined;
    if (decision.action === 'trade' && single !== undefined) {
      const { lotUnits } = portfolio.policy;
      const size = { ...terms, deltaUnits: decision.deltaChangeUnits, maxParts, lotUnits };
      const split = await chooseSplit([...contenders, spotContender(input)], single, size, input.signal);
      const asked = [...choices.filter((each) => each !== single), single];
      const considered = { ...jointly, decision };
      if (split !== undefined) return { kind: 'split', choices: asked, considered, split };
    }
  }
  // Where parts are not worth their gas the cheapest alone decides the size as well.
  const considered = decideBy(holdingCurve(wanted.side, choices, terms));
  const { curves, decision } = considered;
  if (decision.action === 'hold') return { kind: 'hold', choices, considered };
  const choice = await choiceOf(decision.deltaChangeUnits);
  if (choice === undefined) return { kind: 'spot', choices };
  const asked = [...choices.filter((each) => each !== choice), choice];
  if (choice.chosen.quote.adapter === ROUTED_SPOT) return { kind: 'spot', choices: asked };
  return { kind: 'instrument', choices: asked, considered: Object.freeze({ before, curves, decision, choice }) };
}

/** The whole way back and half of it; or what somebody asks for. Undefined where there is nothing to ask for. */
function sizesOf(
  { policy }: Portfolio,
  { exposure }: Survey,
  requested: DecimalString | undefined,
): { readonly side: 'buy' | 'sell'; readonly sizes: readonly DecimalString[] } | undefined {
  const sideOf = (change: Decimal): 'buy' | 'sell' => (change.isNegative() ? 'sell' : 'buy');
  if (requested !== undefined) return { side: sideOf(new Decimal(requested)), sizes: [requested] };
  // What cannot be read may be anything: the policy holds, whatever a trade would cost.
  if (exposure.unbounded.length > 0) return undefined;
  const lots = new Decimal(policy.targetDeltaUnits)
    .minus(midpoint(exposure.delta))
    .div(policy.lotUnits)
    .integerValue(Decimal.ROUND_DOWN);
  if (lots.isZero()) return undefined;
  const half = lots.div(2).integerValue(Decimal.ROUND_DOWN);
  const sizes = [half, lots].filter((each) => !each.isZero()).map((each) => each.times(policy.lotUnits).toFixed());
  return { side: sideOf(lots), sizes };
}

interface Competition {
  readonly contenders: readonly Contender[];
  readonly terms: Omit<ChoiceTerms, 'deltaUnits'>;
}

/** Instruments on the chains that answer, and the terms that they compete on. */
export function competition({
  instruments,
  portfolio,
  spot: { before },
}: Pick<ConsiderInput, 'instruments' | 'portfolio'> & {
  readonly spot: Pick<Consideration, 'before'>;
}): Competition {
  const { limits, owner } = portfolio;
  return {
    contenders: instruments.contenders(before).filter(({ chainId }) => before.gasPriceWei[chainId] !== undefined),
    terms: {
      ...instruments.terms,
      owner,
      spot: Number(before.reference.price),
      slippageBps: limits.slippageBps,
      deadline: before.atSeconds + limits.deadlineSeconds,
      gasCost: gasCostOf(before),
    },
  };
}

function gasCostOf({ gasPriceWei, nativePrice }: Survey): (gas: readonly GasUse[]) => number {
  return (gas) =>
    gas.reduce((sum, { chainId, units }) => {
      const wei = Number(units) * Number(gasPriceWei[chainId] ?? 0n);
      return sum + wei * 1e-18 * Number(nativePrice[chainId] ?? 0);
    }, 0);
}

/** Spot as the router would trade it. */
export function spotContender({
  portfolio,
  spot: { before, curves },
}: Pick<ConsiderInput, 'portfolio'> & { readonly spot: Pick<Consideration, 'before' | 'curves'> }): Contender {
  const held = before.balances
    .filter(({ token }) => portfolio.baseTokens.some((base) => sameToken(base, token)))
    .reduce(
      (sum, { atoms, token }) => sum.plus(new Decimal(atoms.toString()).shiftedBy(-token.decimals)),
      new Decimal(0),
    );
  return routedSpot({
    underlying: portfolio.underlying,
    curves,
    chainId: Number(Object.keys(before.gasPriceWei)[0]),
    atSeconds: before.atSeconds,
    spot: Number(before.reference.price),
    heldUnits: held.toFixed(),
    gasCost: gasCostOf(before),
  });
}
