import type { CostCurve } from '../model/cost-curve.js';
import { Decimal, type DecimalString, decimalFromNumber, parseDecimal } from '../model/decimal.js';
import type { Exposure } from '../model/exposure.js';
import { shift } from '../model/interval.js';
import type { VolatilityForecast } from '../forecast/forecast.js';
import { checkGuardBps, type PolicyTerms } from './config.js';
import { type CostFunction, costFunction, totalCost } from './cost-function.js';
import type {
  Band,
  Decision,
  DecisionInputs,
  HoldDecision,
  HoldReason,
  TradeDecision,
  TradeReason,
} from './decision.js';
import { PolicyInputInvalidError } from './errors.js';
import { impulseBand, valueGradient } from './impulse-band.js';
import { latencyCostPerYear, type Market, staticRisk, type TrendView } from './market.js';
import { hedgingCostBpsPerMonth, riskAversionOf } from './risk-aversion.js';
import { ruleOf } from './rules/rule-of.js';
import type { BandOutcome, BandReader } from './rules/rule.js';
import type { Side } from './settlement-band.js';

const SECONDS_PER_YEAR = 365 * 86_400;
/** Of the numbers in a decision's texts. */
const DIGITS = 12;
/** So many lots are counted by a number to well within one. */
const FEW_LOTS = 1e9;
const LOT_SLACK = 1e-6;

/** The one programme that may be at work on this underlying already. */
export interface OpenProgramme {
  readonly id: string;
  /** Signed change of delta that it has still to make. */
  readonly remainingDeltaUnits: DecimalString;
}

export interface PolicyInput {
  readonly config: PolicyTerms;
  readonly exposure: Exposure;
  /** What a budget in basis points is of, numeraire. */
  readonly notional: number;
  readonly volatility: Pick<VolatilityForecast, 'annualVolatility'>;
  /** For the rule `optimal`: where the price is expected to drift, so that it may act ahead. Absent: nowhere. */
  readonly trend?: TrendView;
  /** Continuously compounded. */
  readonly annualRate: number;
  readonly buyCurve: CostCurve;
  readonly sellCurve: CostCurve;
  /** Until the book settles or is given up. */
  readonly horizonSeconds: number;
  /** Expected from a decision to its fill. */
  readonly latencySeconds: number;
  readonly nowSeconds: number;
  readonly lastTradeSeconds?: number;
  /** Units of the hedge that are held; needed where it has to be unwound. */
  readonly holdingUnits?: number;
  readonly openProgramme?: OpenProgramme;
  /** The book's delta, were the volatility another one; for rules that hedge at a volatility of their own. */
  readonly deltaAtVolatility?: (annualVolatility: number) => number;
  /**
   * The exact optimum of this very book, prepared beforehand, as `readBands` of `@evenkeel/core/lattice` reads it; for the
   * rule `optimal`. Without one that fits the market of now, the closed form decides, and the decision says so.
   */
  readonly bands?: BandReader;
}

/** Everything that the steps below share. */
interface Situation {
  readonly input: PolicyInput;
  readonly market: Market;
  readonly costs: Readonly<Record<Side, CostFunction>>;
  readonly hasRoute: Readonly<Record<Side, boolean>>;
  readonly inputs: DecisionInputs;
}

const ZERO = new Decimal(0);

/** The book's deviation, seen from the target outwards on the side where it lies. */
interface Deviation {
  readonly side: Side;
  /** Of the middle of the exposure interval: the best single guess. */
  readonly middle: number;
  /** Of the end nearer to the target, exactly; negative when the interval reaches beyond it. Worked out when asked for. */
  readonly near: () => Decimal;
}

/**
 * Trade or hold, how far, and why. Pure: the same input gives the same decision.
 *
 * The middle of the exposure interval is what is held against the rule's band. What is traded never exceeds the distance
 * of the *near* end from the target, so that a trade lowers the risk at both ends and neither passes the target: doubt
 * makes a trade smaller, and only an interval that holds the target stops it. A trade that doubt has cut short is made
 * when the risk that it surely removes until the horizon is worth its cost.
 *
 * An open programme is kept while what is left of it lands within the band, amended when another size is better, and
 * cancelled when nothing is to be done; a second one is never put beside it.
 *
 * @throws {GuardAbsurdError} for a cost limit that limits nothing
 * @throws {PolicyInputInvalidError} for a volatility, time or curve that makes no sense
 *
 * @example
 * ```ts
 * const decision = decide({ config, exposure, notional: 200_000, volatility: { annualVolatility: 0.7 }, annualRate: 0,
 *   buyCurve, sellCurve, horizonSeconds: 30 * 86_400, latencySeconds: 12, nowSeconds })
 * if (decision.action === 'trade') console.log(decision.deltaChangeUnits, decision.sentence)
 * ```
 */
export function decide(input: PolicyInput): Decision {
  const situation = situationOf(input);
  const { exposure } = input;
  if (exposure.unbounded.length > 0) {
    const names = exposure.unbounded.join(', ');
    return hold(situation, 'EXPOSURE_UNBOUNDED', `The delta has no bounds while ${names} cannot be read.`);
  }
  if (!situation.hasRoute.buy && !situation.hasRoute.sell) {
    return hold(situation, 'NO_ROUTE', 'There is no known way to trade in either direction.');
  }
  const outcome = ruleOf(input.config.rule)({
    market: situation.market,
    ...situation.costs,
    nowSeconds: input.nowSeconds,
    lastTradeSeconds: input.lastTradeSeconds,
    deltaAtVolatility: input.deltaAtVolatility,
    deviationUnits: middleOf(exposure) - Number(input.config.targetDeltaUnits),
    prepared: input.bands,
  });
  switch (outcome.kind) {
    case 'never':
      return hold(situation, 'HOLD_RULE', 'The configured rule never trades.');
    case 'not-due':
      return hold(situation, 'NOT_DUE', `The next trade is due at ${outcome.dueAtSeconds}, not yet.`);
    case 'band':
      return withinBand(situation, outcome);
  }
}

function withinBand(situation: Situation, outcome: BandOutcome): Decision {
  const { input } = situation;
  const target = text(Number(input.config.targetDeltaUnits) + outcome.centreShiftUnits);
  const centre = Number(target);
  const band = bandOf(centre, target, outcome);
  const deviation = deviationOf(input.exposure, centre);
  const { middle, near, side } = deviation;
  const wide = (reason: HoldReason, sentence: string): Decision =>
    hold(situation, reason, withCaveat(sentence, outcome), band, deviation, outcome);
  const left = remainingOf(input.openProgramme, side);
  if (left !== undefined && left > 0 && near().gte(left) && middle - left <= outcome[side].outer) {
    return wide('PROGRAMME_ON_TRACK', 'The open programme ends within the band.');
  }
  const where = `delta ${text(centre + (side === 'sell' ? middle : -middle))} against ${target}`;
  if (!(middle > outcome[side].outer)) {
    const edges = `${band.low} to ${band.high}`;
    return wide('INSIDE_BAND', `With ${where}, its risk is less than its cost within ${edges}.`);
  }
  const surely = near();
  if (!surely.gt(0)) {
    const { high, low } = input.exposure.delta;
    return wide('EXPOSURE_STRADDLES_TARGET', `Its target lies within the delta: ${low} to ${high}.`);
  }
  const cost = situation.costs[side];
  if (!situation.hasRoute[side]) return wide('NO_ROUTE', `No way to ${side} is known.`);
  const landing = outcome.land?.(side, middle) ?? outcome[side].inner;
  const wanted = middle - landing;
  // A trade that ends beyond the centre has its end for a target.
  const most = surely.plus(Math.max(0, -landing));
  const size = toLots(Math.min(wanted, cost.maxSizeUnits), most, input.config.lotUnits);
  if (size.isZero()) return wide('BELOW_LOT', `That is less than a lot of ${input.config.lotUnits}.`);
  return priced(situation, outcome, band, deviation, size, most.lt(wanted));
}

/** The last tests of a trade: what it costs, and whether it is worth it where doubt has cut it short. */
function priced(
  situation: Situation,
  outcome: BandOutcome,
  band: Band,
  deviation: Deviation,
  size: Decimal,
  cutShort: boolean,
): Decision {
  const { costs, input, market } = situation;
  const { middle, side } = deviation;
  const amount = size.toFixed();
  const units = Number(amount);
  const expectedCost = totalCost(costs[side], units);
  const costBps = (expectedCost / (units * market.spot)) * 10_000;
  const wide = (reason: HoldReason, sentence: string): Decision =>
    hold(situation, reason, withCaveat(sentence, outcome), band, deviation, outcome);
  const { maxCostBps } = input.config;
  if (maxCostBps !== undefined && costBps > maxCostBps) {
    const sentence = `To ${side} ${amount} costs ${costBps.toFixed(1)} bp, above ${maxCostBps} bp.`;
    return wide('COST_ABOVE_LIMIT', sentence);
  }
  const removed = (staticRisk(market) / 2) * (middle * middle - (middle - units) ** 2);
  if (cutShort && removed < expectedCost) {
    const sentence = `Doubt leaves ${amount}, whose risk is less than its cost.`;
    return wide('DOUBT_NOT_WORTH_COST', sentence);
  }
  const open = input.openProgramme;
  const reason: TradeReason = open === undefined ? 'OUTSIDE_BAND' : 'PROGRAMME_AMENDED';
  const deltaChangeUnits = side === 'sell' ? `-${amount}` : amount;
  const postTradeDelta = shift(input.exposure.delta, deltaChangeUnits);
  const doubt = cutShort ? ', cut by doubt' : '';
  const sentence =
    `${side === 'sell' ? 'Sell' : 'Buy'} ${amount}${doubt}: the delta is ${text(middle)} off, ` +
    `beyond the ${text(outcome[side].outer)} that cost justifies; cost ${text(expectedCost)} ` +
    `(${costBps.toFixed(1)} bp).`;
  const decision: TradeDecision = {
    action: 'trade',
    reason,
    sentence: withCaveat(sentence, outcome),
    band,
    ...(outcome.source === undefined ? {} : { bandSource: outcome.source }),
    deltaChangeUnits,
    postTradeDelta,
    expectedCost,
    marginalCost: costs[side].marginalCost(units),
    marginalRisk: marginalRisk(situation, outcome, side, middle - units),
    programme: open === undefined ? { action: 'open' } : { action: 'amend', id: open.id },
    inputs: situation.inputs,
  };
  return Object.freeze(decision);
}

function hold(
  situation: Situation,
  reason: HoldReason,
  sentence: string,
  band?: Band,
  deviation?: Deviation,
  outcome?: BandOutcome,
): HoldDecision {
  const open = situation.input.openProgramme;
  // A rule whose next trade is not due has nothing against the one that is at work.
  const keeps = reason === 'PROGRAMME_ON_TRACK' || reason === 'NOT_DUE';
  const decision: HoldDecision = {
    action: 'hold',
    reason,
    sentence,
    band,
    ...(outcome?.source === undefined ? {} : { bandSource: outcome.source }),
    marginalCost: deviation === undefined ? undefined : situation.costs[deviation.side].marginalCost(0),
    marginalRisk:
      deviation === undefined
        ? undefined
        : marginalRisk(situation, outcome, deviation.side, Math.max(0, deviation.middle)),
    programme: open === undefined ? { action: 'none' } : { action: keeps ? 'keep' : 'cancel', id: open.id },
    inputs: situation.inputs,
  };
  return Object.freeze(decision);
}

/**
 * What one unit less of deviation is worth: as the rule's table has it, or else by the closed form, until the next trade
 * or until the end where that comes before.
 */
function marginalRisk(
  { costs, market }: Situation,
  outcome: BandOutcome | undefined,
  side: Side,
  deviation: number,
): number {
  if (outcome?.marginalRisk !== undefined) return outcome.marginalRisk(side, deviation);
  const untilTrade = valueGradient(market, impulseBand(market, costs[side]), deviation);
  return Math.min(untilTrade, staticRisk(market) * deviation);
}

/** Size that the open programme has still to trade on this side; negative when it trades the other way. */
function remainingOf(open: OpenProgramme | undefined, side: Side): number | undefined {
  if (open === undefined) return undefined;
  const signed = parseDecimal(open.remainingDeltaUnits, 'openProgramme.remainingDeltaUnits').toNumber();
  return side === 'buy' ? signed : -signed;
}

function middleOf({ delta }: Exposure): number {
  return (Number(delta.low) + Number(delta.high)) / 2;
}

function deviationOf({ delta }: Exposure, centre: number): Deviation {
  const middle = (Number(delta.low) - centre + (Number(delta.high) - centre)) / 2;
  if (middle >= 0) return { side: 'sell', middle, near: () => new Decimal(delta.low).minus(centre) };
  return { side: 'buy', middle: -middle, near: () => new Decimal(centre).minus(delta.high) };
}

/** Down to a whole number of lots, and never above `most`, whatever the rounding of numbers does. */
function toLots(size: number, most: Decimal, lotUnits: DecimalString): Decimal {
  const wanted = new Decimal(String(size));
  const limit = wanted.lt(most) ? wanted : most;
  const lot = new Decimal(lotUnits);
  const ratio = Math.min(size, most.toNumber()) / Number(lotUnits);
  if (!(ratio < FEW_LOTS)) return limit.gt(0) ? limit.idiv(lot).times(lot) : ZERO;
  // Rounding may have taken a whole lot away: one is tried more, and given back where it is too much.
  const lots = lot.times(Math.max(0, Math.floor(ratio + LOT_SLACK)));
  return lots.gt(limit) ? Decimal.max(0, lots.minus(lot)) : lots;
}

function bandOf(centre: number, target: DecimalString, { buy, sell }: BandOutcome): Band {
  return Object.freeze({
    low: text(centre - buy.outer),
    innerLow: text(centre - buy.inner),
    target,
    innerHigh: text(centre + sell.inner),
    high: text(centre + sell.outer),
  });
}

/** Twelve digits, without the zeros at their end. */
function text(value: number): DecimalString {
  if (value === 0) return '0';
  const size = Math.abs(value);
  // Within these sizes a number writes itself as a plain decimal, and a power of ten is exact.
  if (!(size >= 1e-5 && size < 1e20)) return decimalFromNumber(Number(value.toPrecision(DIGITS)), 'policy');
  const places = DIGITS - 1 - Math.floor(Math.log10(size));
  const power = 10 ** Math.abs(places);
  return String(places >= 0 ? Math.round(value * power) / power : Math.round(value / power) * power);
}

function withCaveat(sentence: string, { caveat }: BandOutcome): string {
  return caveat === undefined ? sentence : `${sentence} ${caveat}`;
}

function situationOf(input: PolicyInput): Situation {
  const { config, exposure, notional } = input;
  if (config.maxCostBps !== undefined) checkGuardBps('maxCostBps', config.maxCostBps);
  const { holdingUnits } = input;
  if (config.settlement === 'unwind' && holdingUnits === undefined) {
    throw new PolicyInputInvalidError('holdingUnits', holdingUnits, 'is missing', 'Give it, or settle "free".');
  }
  const trend = input.trend === undefined ? undefined : checkedTrend(input.trend);
  const unaverse: Omit<Market, 'riskAversion'> = {
    spot: positive(Number(exposure.spot), 'exposure.spot'),
    annualVolatility: positive(input.volatility.annualVolatility, 'volatility.annualVolatility'),
    gammaPerUnit: finite(exposure.gammaPerUnit, 'exposure.gammaPerUnit'),
    years: positive(input.horizonSeconds, 'horizonSeconds') / SECONDS_PER_YEAR,
    annualRate: finite(input.annualRate, 'annualRate'),
    monitoringYears: positive(config.monitoringSeconds, 'config.monitoringSeconds') / SECONDS_PER_YEAR,
    latencyYears: notNegative(input.latencySeconds, 'latencySeconds') / SECONDS_PER_YEAR,
    settlement: config.settlement,
    holdingUnits: finite(holdingUnits ?? 0, 'holdingUnits'),
    trend,
  };
  const known = {
    buy: costFunction(curveOf(input.buyCurve, 'buy')),
    sell: costFunction(curveOf(input.sellCurve, 'sell')),
  };
  const hasRoute = { buy: known.buy.maxSizeUnits > 0, sell: known.sell.maxSizeUnits > 0 };
  // Where one side cannot be traded now, its band is drawn as if it cost what the other side does.
  const buy = hasRoute.buy ? known.buy : known.sell;
  const sell = hasRoute.sell ? known.sell : known.buy;
  positive(notional, 'notional');
  const riskAversion = positive(riskAversionOf(config.riskAversion, unaverse, buy, sell, notional), 'riskAversion');
  const market: Market = { ...unaverse, riskAversion };
  const inputs: DecisionInputs = Object.freeze({
    rule: config.rule,
    delta: exposure.delta,
    spot: exposure.spot,
    gammaPerUnit: market.gammaPerUnit,
    annualVolatility: market.annualVolatility,
    ...(market.trend === undefined ? {} : { trend: market.trend }),
    riskAversion: Object.freeze({
      perNumeraire: riskAversion,
      budgetBpsPerMonth: hedgingCostBpsPerMonth(market, buy, sell, notional),
    }),
    fixedCost: Object.freeze({ buy: buy.fixedCost, sell: sell.fixedCost }),
    horizonSeconds: input.horizonSeconds,
    monitoringSeconds: config.monitoringSeconds,
    latencySeconds: input.latencySeconds,
    latencyCostPerYear: latencyCostPerYear(market),
    decidedAtSeconds: input.nowSeconds,
  });
  return { input, market, costs: { buy, sell }, hasRoute, inputs };
}

function checkedTrend({ annualDrift, annualDriftPerReturn, halfLifeSeconds }: TrendView): TrendView {
  return Object.freeze({
    annualDrift: finite(annualDrift, 'trend.annualDrift'),
    halfLifeSeconds: positive(halfLifeSeconds, 'trend.halfLifeSeconds'),
    annualDriftPerReturn: finite(annualDriftPerReturn, 'trend.annualDriftPerReturn'),
  });
}

function curveOf(curve: CostCurve, side: Side): CostCurve {
  if (curve.side === side) return curve;
  throw new PolicyInputInvalidError(`${side}Curve.side`, curve.side, `is not "${side}"`, 'Swap the two curves.');
}

function finite(value: number, field: string): number {
  if (Number.isFinite(value)) return value;
  throw new PolicyInputInvalidError(field, value, 'is not a finite number', 'Check where it comes from.');
}

function positive(value: number, field: string): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw new PolicyInputInvalidError(field, value, 'is not a positive number', 'Check where it comes from.');
}

function notNegative(value: number, field: string): number {
  if (value >= 0 && Number.isFinite(value)) return value;
  throw new PolicyInputInvalidError(field, value, 'is negative or no number', 'Check where it comes from.');
}
