import type { Hex, SignedIntent } from '@evenkeel/intents';
import { cancelProgramme } from './execution/execute-programme.js';
import { Decimal, type DecimalString } from './model/decimal.js';
import { midpoint, shift } from './model/interval.js';
import type { PolicyInput } from './policy/decide.js';
import type { Decision, TradeDecision } from './policy/decision.js';
import { readBalances } from './rebalancer/balances.js';
import { type Context, nowSeconds } from './rebalancer/context.js';
import { type CostCurves, costCurves } from './rebalancer/cost-curves.js';
import { ProgrammeOpenError, RebalancerBusyError } from './rebalancer/errors.js';
import { eventHub, type EventHub } from './rebalancer/events.js';
import { lookMemory } from './rebalancer/look-memory.js';
import { signMandate } from './rebalancer/mandate.js';
import { type Opening, recordOpening } from './rebalancer/opening.js';
import { closeOpenTrades, untilClosed } from './rebalancer/close-trade.js';
import { checkPortfolio, type Portfolio, type RebalancerPorts } from './rebalancer/portfolio.js';
import { decideWith } from './rebalancer/prepared-optimum.js';
import { measuredRecovery } from './rebalancer/recoveries.js';
import { asRequested, checkRequestedChange } from './rebalancer/requested.js';
import { type Resumption, resumeAll, runningProgrammes, trackLate } from './rebalancer/resume.js';
import { assertAgreed, planOf, runSlices, type SliceResult } from './rebalancer/run-slices.js';
import { scheduleOf } from './rebalancer/schedule-of.js';
import { recordedTrust } from './rebalancer/trust-journal.js';
import { survey, type Survey } from './rebalancer/survey.js';
import { reportTrade } from './rebalancer/trade-report.js';
import { explainedByTrend } from './rebalancer/trend.js';
import { untradedReport } from './rebalancer/untraded-report.js';
import type { ExecutionReport } from './report/execution-report.js';
import type { Schedule } from './schedule/schedule.js';

export type { PriceDispute } from './rebalancer/agreed-price.js';
export type { SilentChain } from './rebalancer/read-chains.js';
export type { Resumption } from './rebalancer/resume.js';
export type { SliceResult } from './rebalancer/run-slices.js';

export interface RebalanceOptions {
  /** Trade exactly this instead of what the policy finds best; signed units. */
  readonly deltaChangeUnits?: DecimalString;
  /** Goes the same way, simulates, and sends nothing. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  /** Aborts when nothing new is to be begun: the slice under way is brought to its end, the rest is left. */
  readonly drain?: AbortSignal;
  /** Asked before a trade is signed; what it throws stops the trade. For limits that span portfolios and days. */
  readonly permit?: (trade: TradeDecision, survey: Survey) => void | Promise<void>;
}

/** What one look saw and what was decided on it. Frozen. */
export interface Consideration {
  readonly before: Survey;
  readonly curves: CostCurves;
  readonly decision: Decision;
}

/** Everything that one rebalancing saw, decided and did. Frozen. */
export interface Rebalancing extends Consideration {
  readonly signed: SignedIntent | undefined;
  readonly schedule: Schedule | undefined;
  readonly slices: readonly SliceResult[];
  readonly after: Survey;
  readonly report: ExecutionReport;
}

export interface Rebalancer extends Pick<EventHub, 'on' | 'off'> {
  /** Looks, without deciding anything. */
  survey(signal?: AbortSignal): Promise<Survey>;
  /**
   * Looks and decides, and does nothing else: nothing is written down, signed or sent.
   *
   * @throws PRICE_DISPUTED, INVALID_INPUT, and what the stations throw
   */
  decide(options?: Pick<RebalanceOptions, 'deltaChangeUnits' | 'signal'>): Promise<Consideration>;
  /**
   * Looks, decides, and where it pays brings the delta back: one intent, signed, in slices, each step at most once.
   *
   * @throws {RebalancerBusyError} while another one is under way; PROGRAMME_OPEN while the journal holds one that is not
   * at its end; PRICE_DISPUTED when the market does not agree; INVALID_INPUT for a change that cannot be made; else what
   * the stations throw, each with its code
   */
  rebalance(options?: RebalanceOptions): Promise<Rebalancing>;
  /**
   * Brings what a crash left behind to its end, from the journal, without doing anything twice: the programme that was
   * under way first, then the slices to come, as far as the net delta still needs them and the intent lives.
   */
  resume(signal?: AbortSignal): Promise<readonly Resumption[]>;
  /**
   * One look at the transfers that a trade has let go of because they were late: what has arrived is booked.
   *
   * @returns how many are still under way
   */
  track(signal?: AbortSignal): Promise<number>;
  /**
   * Asks for an end: what is not begun stays so, what is unmined is cancelled, transfers are tracked on. Takes effect at
   * once in a rebalancing of this object, and at the next {@link resume} for what another process has left behind, whose
   * slices to come are given up.
   */
  cancel(): Promise<void>;
}

/**
 * Joins the stations: exposure, policy, intent, schedule, solicit, route, award, guard, execution, report. The only
 * place that knows them all; holds no state but that it is busy and what it saw last.
 *
 * @throws {PortfolioInvalidError} for a portfolio that does not fit its parts
 *
 * @example
 * ```ts
 * const rebalancer = createRebalancer(portfolio, { chains, venues, bridges, sources, account, volatility, journal,
 *   clock, random })
 * rebalancer.on('decided', ({ sentence }) => console.log(sentence))
 * const { report } = await rebalancer.rebalance({ dryRun: true })
 * ```
 */
export function createRebalancer(portfolio: Portfolio, ports: RebalancerPorts): Rebalancer {
  checkPortfolio(portfolio, ports);
  const hub = eventHub(ports.logger);
  const memory = ports.memory ?? lookMemory();
  let isTrustRead = false;
  const look = async (signal: AbortSignal, requested?: Decimal): Promise<Survey> => {
    if (!isTrustRead && ports.opaque !== undefined) {
      ports.opaque.remember(await recordedTrust(ports.journal));
      isTrustRead = true;
    }
    const seen = await survey(portfolio, ports, signal, memory.recall(), requested);
    memory.keep({ price: seen.reference.price, memory: seen.memory, hasTraded: false });
    return seen;
  };
  hub.on('execution', ({ type }) => {
    const earlier = memory.recall();
    if (type === 'step-done' && earlier !== undefined) memory.keep({ ...earlier, hasTraded: true });
  });
  const context: Context = { portfolio, ports, hub, look };
  let busy: AbortController | undefined;
  const exclusively = async <T>(work: (cancelled: AbortSignal) => Promise<T>): Promise<T> => {
    if (busy !== undefined) throw new RebalancerBusyError(portfolio.name);
    busy = new AbortController();
    try {
      return await work(busy.signal);
    } finally {
      busy = undefined;
    }
  };
  return Object.freeze({
    on: hub.on,
    off: hub.off,
    survey: (signal = never()) => look(signal),
    decide: (options = {}) => decideOnce(context, options),
    rebalance: (options = {}) => exclusively((cancelled) => rebalanceOnce(context, options, cancelled)),
    resume: (signal = never()) => exclusively((cancelled) => resumeAll(context, signal, cancelled)),
    track: (signal = never()) => exclusively(() => trackLate(context, signal)),
    cancel: async () => {
      if (busy === undefined) await closeOpenTrades(context, 'It was cancelled.');
      busy?.abort();
      for (const { programme } of await runningProgrammes(context)) {
        await cancelProgramme({ journal: ports.journal, intentId: programme.intentId, slice: programme.slice });
      }
    },
  } satisfies Rebalancer);
}

function toHex(bytes: Uint8Array): Hex {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

function never(): AbortSignal {
  return new AbortController().signal;
}

async function decideOnce(
  context: Context,
  options: Pick<RebalanceOptions, 'deltaChangeUnits' | 'signal'>,
): Promise<Consideration> {
  const requested = requestedBy(options, context.portfolio);
  const before = await seen(context, options.signal ?? never(), requested);
  assertAgreed(before, context.portfolio);
  const considered = consider(context, before, requested);
  context.hub.emit('decided', considered.decision);
  return considered;
}

function requestedBy({ deltaChangeUnits }: RebalanceOptions, portfolio: Portfolio): Decimal | undefined {
  return deltaChangeUnits === undefined ? undefined : checkRequestedChange(deltaChangeUnits, portfolio);
}

async function seen({ hub, look }: Context, signal: AbortSignal, requested: Decimal | undefined): Promise<Survey> {
  const before = await look(signal, requested);
  hub.emit('surveyed', before);
  return before;
}

function consider(context: Context, before: Survey, requested: Decimal | undefined): Consideration {
  const curves = costCurves(context.portfolio, before, statedAversion(context.portfolio), requested?.toFixed());
  return Object.freeze({ before, curves, decision: decideOn(context, before, curves, requested) });
}

async function rebalanceOnce(
  context: Context,
  options: RebalanceOptions,
  cancelled: AbortSignal,
): Promise<Rebalancing> {
  const { hub, portfolio, ports } = context;
  const { dryRun = false, signal = never() } = options;
  const requested = requestedBy(options, portfolio);
  if (!dryRun) await assertNoneOpen(context);
  const before = await seen(context, signal, requested);
  await recordChanges(context, before, dryRun);
  await assertTradable(context, before, dryRun);
  const { curves, decision } = consider(context, before, requested);
  hub.emit('decided', decision);
  await ports.journal.appendDecision({
    atMs: ports.clock.now(),
    code: decision.reason,
    sentence: decision.sentence,
    simulated: dryRun,
    details: { action: decision.action, low: before.exposure.delta.low, high: before.exposure.delta.high },
  });
  if (decision.action === 'trade') {
    await options.permit?.(decision, before);
    const ending = options.drain === undefined ? cancelled : AbortSignal.any([cancelled, options.drain]);
    return trade(context, { before, curves, decision, dryRun, signal, cancelled: ending });
  }
  const trust = ports.opaque?.explain(before.atSeconds) ?? [];
  const report = untradedReport({ portfolio, seen: before, decision, trust });
  hub.emit('reported', report);
  const untouched = { signed: undefined, schedule: undefined, slices: Object.freeze([]) };
  return Object.freeze({ before, curves, decision, ...untouched, after: before, report });
}

/** @throws {ProgrammeOpenError} PROGRAMME_OPEN */
async function assertNoneOpen(context: Context): Promise<void> {
  const { portfolio, ports } = context;
  const [running] = await runningProgrammes(context);
  const [order] = (await ports.networks?.live(portfolio)) ?? [];
  const open = running?.programme ?? order;
  if (open === undefined) return closeOpenTrades(context, 'A new decision has taken the place of what was left.');
  throw new ProgrammeOpenError(portfolio.name, open.intentId, open.slice);
}

/** What has become of positions by itself is told whether or not it leads to a trade. */
async function recordChanges({ ports }: Context, { changes }: Survey, simulated: boolean): Promise<void> {
  for (const { code, id, sentence } of changes) {
    ports.logger?.log('warn', sentence, { code, position: id });
    const atMs = ports.clock.now();
    await ports.journal.appendDecision({ atMs, code, sentence, simulated, details: { position: id } });
  }
}

/** A dispute about the price is a decision, too: it is written down before it is thrown. @throws PRICE_DISPUTED */
async function assertTradable({ portfolio, ports }: Context, before: Survey, simulated: boolean): Promise<void> {
  if (before.dispute !== undefined) {
    const { disagreementBps, sentence } = before.dispute;
    const atMs = ports.clock.now();
    const details = { action: 'hold', disagreementBps };
    await ports.journal.appendDecision({ atMs, code: 'PRICE_DISPUTED', sentence, simulated, details });
  }
  assertAgreed(before, portfolio);
}

interface TradeInput {
  readonly before: Survey;
  readonly curves: CostCurves;
  readonly decision: TradeDecision;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly cancelled: AbortSignal;
}

async function trade(context: Context, input: TradeInput): Promise<Rebalancing> {
  const { hub, portfolio, ports } = context;
  const { before, curves, decision, dryRun, signal } = input;
  const sells = decision.deltaChangeUnits.startsWith('-');
  const measured = await measuredRecovery(ports.journal, portfolio);
  const recoverySeconds = measured?.seconds ?? portfolio.schedule.recoverySeconds;
  const planned = scheduleOf({
    portfolio,
    decision,
    curve: sells ? curves.sell : curves.buy,
    annualVolatility: before.annualVolatility,
    recoverySeconds,
    nowSeconds: nowSeconds(ports),
    pacing: ports.pacing,
    seed: () => toHex(ports.random.bytes(32)),
  });
  const schedule =
    measured === undefined || planned.kind === 'single'
      ? planned
      : Object.freeze({ ...planned, sentence: `${planned.sentence} ${measured.sentence}` });
  const signed = await signMandate(portfolio, ports, {
    decision,
    exposure: before.exposure,
    reference: before.reference,
    schedule,
    balances: before.balances,
    bridges: before.bridges,
    adapters: [...[...ports.venues, ...ports.bridges].map(({ id }) => id), ...(ports.networks?.ids ?? [])],
    nowSeconds: nowSeconds(ports),
  });
  hub.emit('signed', signed);
  hub.emit('scheduled', schedule);
  const chainIds = [...new Set(before.balances.map(({ token }) => token.chainId))];
  const balances = await readBalances(portfolio, ports, chainIds, signal);
  const plan = planOf(before, decision, schedule, measured);
  const carryOut = () => runSlices(context, { ...input, signed, plan });
  const done = (slices: readonly SliceResult[], after: Survey, report: ExecutionReport): Rebalancing =>
    Object.freeze({ before, curves, decision, signed, schedule, slices: Object.freeze(slices), after, report });
  if (dryRun) {
    const { results } = await carryOut();
    const trust = ports.opaque?.explain(before.atSeconds) ?? [];
    const report = untradedReport({ portfolio, seen: before, decision, trust, simulated: signed.id });
    hub.emit('reported', report);
    return done(results, before, report);
  }
  const opening: Opening = {
    intentId: signed.id,
    startedAtSeconds: before.atSeconds,
    delta: before.exposure.delta,
    band: decision.band,
    balances,
    plan,
    market: {
      reference: before.reference,
      nativePrice: before.nativePrice,
      annualVolatility: before.annualVolatility,
      plannedUnits: new Decimal(midpoint(decision.postTradeDelta)).minus(decision.band.target).toNumber(),
    },
  };
  await recordOpening(ports.journal, opening, ports.clock.now());
  const { endedBecause, results } = await untilClosed(context, signed.id, signal, carryOut);
  const states = results.filter(({ replanned }) => replanned !== true).map(({ execution }) => execution.state);
  const { after, report } = await reportTrade(context, opening, { states, endedBecause }, signal);
  return done(results, after, report);
}

/** Whose decision it is, and what it takes. */
export interface Decider {
  readonly portfolio: Portfolio;
  readonly ports: Pick<RebalancerPorts, 'clock' | 'logger' | 'optimum'>;
}

/** What the policy makes of what was seen and of what trading costs; or what a person has asked for, within its limits. */
export function decideOn(
  { portfolio, ports }: Decider,
  {
    annualVolatility,
    atSeconds,
    exposure,
    readings,
    trend,
  }: Pick<Survey, 'annualVolatility' | 'atSeconds' | 'exposure' | 'readings' | 'trend'>,
  { buy, sell }: CostCurves,
  requested: Decimal | undefined,
): Decision {
  const { annualRate, horizonSeconds, latencySeconds, policy } = portfolio;
  const target =
    requested === undefined ? policy.targetDeltaUnits : midpoint(shift(exposure.delta, requested.toFixed()));
  const gross = exposure.positions.reduce(
    (sum, { delta }) => sum.plus(delta === undefined ? 0 : new Decimal(midpoint(delta)).abs()),
    new Decimal(0),
  );
  const input: PolicyInput = {
    config: { ...policy, targetDeltaUnits: target },
    exposure,
    notional: Math.max(1, gross.times(exposure.spot).toNumber()),
    volatility: { annualVolatility },
    annualRate,
    buyCurve: buy,
    sellCurve: sell,
    horizonSeconds,
    latencySeconds,
    nowSeconds: Math.max(atSeconds, nowSeconds(ports)),
    holdingUnits: hedgeUnits(exposure),
  };
  const decided = (more: Pick<PolicyInput, 'trend'>): Decision =>
    decideWith(ports.optimum, readings, { ...input, ...more }, ports.logger);
  const plain = decided({});
  // A person who asks for a change has weighed the market already.
  if (requested !== undefined) return asRequested(plain, requested, { buy, sell }, policy);
  if (trend === undefined || policy.rule.kind !== 'optimal') return plain;
  return explainedByTrend(trend, trend.kind === 'none' ? plain : decided({ trend: trend.trend }), plain);
}

/** Kinds whose delta does not move with the spot: what serves as the hedge. */
const LINEAR: ReadonlySet<string> = new Set(['holding', 'rate-bearing', 'perpetual', 'lending']);

/** What is held against the rest of the book, and would have to be unwound at its end. */
export function hedgeUnits({ positions }: Survey['exposure']): number {
  return positions.reduce(
    (sum, { delta, kind }) => (delta === undefined || !LINEAR.has(kind) ? sum : sum + Number(midpoint(delta))),
    0,
  );
}

/** γ for the router's price of waiting, before the policy has derived one from a budget. */
export function statedAversion({ policy: { riskAversion } }: Pick<Portfolio, 'policy'>): number {
  return 'perNumeraire' in riskAversion ? riskAversion.perNumeraire : 0;
}
