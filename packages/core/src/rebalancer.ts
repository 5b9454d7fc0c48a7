import type { SignedIntent } from '@evenkeel/intents';
import {
  cancelProgramme,
  type ExecutionResult,
  executeProgramme,
  resumeProgramme,
} from './execution/execute-programme.js';
import type { ExecutionParts } from './execution/context.js';
import { planProgramme } from './execution/plan-programme.js';
import { Decimal, type DecimalString } from './model/decimal.js';
import { midpoint, shift } from './model/interval.js';
import type { Programme } from './model/programme.js';
import { sameAddress } from './model/token.js';
import { decide } from './policy/decide.js';
import type { Decision, TradeDecision } from './policy/decision.js';
import type { Flow } from './ports/journal.js';
import { readBalances } from './rebalancer/balances.js';
import { type CostCurves, costCurves } from './rebalancer/cost-curves.js';
import { RebalancerBusyError } from './rebalancer/errors.js';
import { eventHub, type EventHub } from './rebalancer/events.js';
import { firmRoute } from './rebalancer/firm-route.js';
import { hedgeRequest } from './rebalancer/hedge-request.js';
import { signMandate } from './rebalancer/mandate.js';
import { checkPortfolio, type Portfolio, type RebalancerPorts } from './rebalancer/portfolio.js';
import type { OpenDelta } from './rebalancer/realised-efficiency.js';
import { asRequested } from './rebalancer/requested.js';
import { writeReport } from './rebalancer/write-report.js';
import { scheduleOf } from './rebalancer/schedule-of.js';
import { survey, type Survey } from './rebalancer/survey.js';
import { swapRecord } from './rebalancer/swap-records.js';
import type { SwapRecord } from './report/cost-attribution.js';
import type { ExecutionReport } from './report/execution-report.js';
import type { HedgeRoute } from './route/hedge.js';
import { replan } from './schedule/replan.js';
import type { Schedule, Slice } from './schedule/schedule.js';

export interface RebalanceOptions {
  /** Trade exactly this instead of what the policy finds best; signed units. */
  readonly deltaChangeUnits?: DecimalString;
  /** Goes the same way, simulates, and sends nothing. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** One slice, from its route to what it did. */
export interface SliceResult {
  readonly slice: Slice;
  readonly survey: Survey;
  readonly route: HedgeRoute;
  readonly programme: Programme;
  readonly execution: ExecutionResult;
}

/** Everything that one rebalancing saw, decided and did. Frozen. */
export interface Rebalancing {
  readonly before: Survey;
  readonly curves: CostCurves;
  readonly decision: Decision;
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
   * Looks, decides, and where it pays brings the delta back: one intent, signed, in slices, each step at most once.
   *
   * @throws {RebalancerBusyError} while another one is under way; else what the stations throw, each with its code
   */
  rebalance(options?: RebalanceOptions): Promise<Rebalancing>;
  /** Brings what a crash left behind to its end, from the journal, without doing anything twice. */
  resume(signal?: AbortSignal): Promise<readonly ExecutionResult[]>;
  /** Asks every running programme to end: nothing new is sent. Takes effect at the next {@link resume} or at once. */
  cancel(): Promise<void>;
}

/**
 * Joins the stations: exposure, policy, intent, schedule, solicit, route, award, guard, execution, report. The only
 * place that knows them all; holds no state but that it is busy.
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
  let busy = false;
  const look = (signal: AbortSignal): Promise<Survey> => survey(portfolio, ports, signal);
  const exclusively = async <T>(work: () => Promise<T>): Promise<T> => {
    if (busy) throw new RebalancerBusyError(portfolio.name);
    busy = true;
    try {
      return await work();
    } finally {
      busy = false;
    }
  };
  return Object.freeze({
    on: hub.on,
    off: hub.off,
    survey: (signal = never()) => look(signal),
    rebalance: (options = {}) => exclusively(() => rebalanceOnce({ portfolio, ports, hub, look }, options)),
    resume: (signal = never()) =>
      exclusively(async () => {
        const running = await ports.journal.programmes({ state: 'running' });
        const results: ExecutionResult[] = [];
        for (const { programme } of running) {
          const { intentId, slice } = programme;
          results.push(
            await resumeProgramme({
              ...executionParts({ portfolio, ports, hub, look }, false, signal),
              intentId,
              slice,
            }),
          );
        }
        return Object.freeze(results);
      }),
    cancel: async () => {
      for (const { programme } of await ports.journal.programmes({ state: 'running' })) {
        await cancelProgramme({ journal: ports.journal, intentId: programme.intentId, slice: programme.slice });
      }
    },
  } satisfies Rebalancer);
}

/** What all steps of one rebalancing share. */
interface Context {
  readonly portfolio: Portfolio;
  readonly ports: RebalancerPorts;
  readonly hub: EventHub;
  readonly look: (signal: AbortSignal) => Promise<Survey>;
}

function never(): AbortSignal {
  return new AbortController().signal;
}

async function rebalanceOnce(context: Context, options: RebalanceOptions): Promise<Rebalancing> {
  const { hub, look, portfolio, ports } = context;
  const { dryRun = false, signal = never() } = options;
  const before = await look(signal);
  hub.emit('surveyed', before);
  const curves = costCurves(portfolio, before, statedAversion(portfolio), before.annualVolatility);
  const decision = decideOn(context, before, curves, options.deltaChangeUnits);
  hub.emit('decided', decision);
  await ports.journal.appendDecision({
    atMs: ports.clock.now(),
    code: decision.reason,
    sentence: decision.sentence,
    simulated: dryRun,
    details: { action: decision.action, low: before.exposure.delta.low, high: before.exposure.delta.high },
  });
  if (decision.action === 'hold') {
    const report = writeReport({ portfolio, before, after: before, decision, dryRun });
    hub.emit('reported', report);
    return Object.freeze({
      before,
      curves,
      decision,
      signed: undefined,
      schedule: undefined,
      slices: [],
      after: before,
      report,
    });
  }
  return trade(context, { before, curves, decision, dryRun, signal });
}

interface TradeInput {
  readonly before: Survey;
  readonly curves: CostCurves;
  readonly decision: TradeDecision;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

async function trade(context: Context, input: TradeInput): Promise<Rebalancing> {
  const { hub, look, portfolio, ports } = context;
  const { before, curves, decision, dryRun, signal } = input;
  const sells = decision.deltaChangeUnits.startsWith('-');
  const nowSeconds = seconds(ports);
  const schedule = scheduleOf({
    portfolio,
    decision,
    curve: sells ? curves.sell : curves.buy,
    annualVolatility: before.annualVolatility,
    nowSeconds,
  });
  const signed = await signMandate(portfolio, ports, {
    decision,
    exposure: before.exposure,
    reference: before.reference,
    schedule,
    balances: before.balances,
    bridges: before.bridges,
    adapters: [...ports.venues, ...ports.bridges].map(({ id }) => id),
    nowSeconds,
  });
  hub.emit('signed', signed);
  hub.emit('scheduled', schedule);
  const opening = await readBalances(portfolio, ports, signal);
  const slices = await runSlices(context, input, signed, schedule);
  const closing = await readBalances(portfolio, ports, signal);
  const after = dryRun ? before : await look(signal);
  const flows = dryRun ? [] : await ports.journal.flows({ intentId: signed.id });
  const report = writeReport({
    portfolio,
    before,
    after,
    decision,
    dryRun,
    trade: {
      intentId: signed.id,
      opening,
      closing,
      flows,
      swaps: slices.flatMap(swapsOf),
      path: openPath(portfolio, before, slices, after),
      leastCost: leastCostOf(slices),
      states: slices.map(({ execution }) => execution.state),
    },
  });
  hub.emit('reported', report);
  return Object.freeze({ before, curves, decision, signed, schedule, slices: Object.freeze(slices), after, report });
}

/**
 * Slice after slice, each routed on what is there at its time. What is left is recomputed from the net delta after each
 * fill, so that a market that has done the work ends the schedule, and the target is never crossed.
 */
async function runSlices(
  context: Context,
  input: TradeInput,
  signed: SignedIntent,
  planned: Schedule,
): Promise<SliceResult[]> {
  const { look, portfolio, ports } = context;
  const { before, decision, dryRun, signal } = input;
  const landing = new Decimal(midpoint(before.exposure.delta)).plus(decision.deltaChangeUnits);
  const results: SliceResult[] = [];
  let schedule = planned;
  let filled = new Decimal(0);
  for (let slice = schedule.slices[0]; slice !== undefined; slice = schedule.slices[0]) {
    if (!dryRun) await waitFor(context, slice, signal);
    const seen = results.length === 0 ? before : await look(signal);
    const result = await runSlice(context, input, signed, slice, seen);
    results.push(result);
    if (dryRun) {
      schedule = { ...schedule, slices: schedule.slices.slice(1) };
      continue;
    }
    filled = filled.plus(filledUnits(portfolio, result.execution.flows));
    if (result.execution.state !== 'completed') break;
    if (schedule.slices.length === 1) break;
    const now = await look(signal);
    schedule = replan({
      schedule: planned,
      filledDeltaUnits: filled.toFixed(),
      neededDeltaUnits: landing.minus(midpoint(now.exposure.delta)).toFixed(),
      nextIndex: slice.index + 1,
      lotUnits: portfolio.policy.lotUnits,
      nowSeconds: seconds(ports),
    });
  }
  return results;
}

async function runSlice(
  context: Context,
  input: TradeInput,
  signed: SignedIntent,
  slice: Slice,
  seen: Survey,
): Promise<SliceResult> {
  const { portfolio, ports } = context;
  const { decision, dryRun, signal } = input;
  const request = hedgeRequest(portfolio, seen, {
    deltaChangeUnits: slice.deltaUnits,
    annualVolatility: seen.annualVolatility,
    riskAversion: decision.inputs.riskAversion.perNumeraire,
    onShortfall: 'partial',
  });
  const { deadline } = signed.intent;
  const { firmQuotes, route } = await firmRoute(
    { request, bridges: ports.bridges, account: ports.account, deadline, nowSeconds: seconds(ports) },
    signal,
  );
  context.hub.emit('routed', { slice: slice.index, survey: seen, route });
  const programme = planProgramme({
    intentId: signed.id,
    slice: slice.index,
    route,
    firmQuotes,
    inventories: seen.balances,
    account: ports.account,
    venues: ports.venues,
    bridges: ports.bridges,
    deadline,
  });
  const parts = executionParts(context, dryRun, signal);
  const execution = await executeProgramme({ ...parts, signedIntent: signed, programme });
  return Object.freeze({ slice, survey: seen, route, programme, execution });
}

function executionParts({ hub, portfolio, ports }: Context, dryRun: boolean, signal: AbortSignal): ExecutionParts {
  const { account, bridges, chains, clock, journal, logger, venues } = ports;
  return {
    accounts: [account],
    chains,
    adapters: [...venues, ...bridges],
    tokens: [...portfolio.baseTokens, ...portfolio.quoteTokens],
    journal,
    clock,
    signal,
    onEvent: (event) => hub.emit('execution', event),
    options: { dryRun, confirmations: portfolio.confirmations, ...portfolio.execution },
    ...(logger === undefined ? {} : { logger }),
  };
}

function decideOn(
  { portfolio, ports }: Context,
  { annualVolatility, atSeconds, exposure }: Survey,
  { buy, sell }: CostCurves,
  requested: DecimalString | undefined,
): Decision {
  const { annualRate, horizonSeconds, latencySeconds, policy } = portfolio;
  const target = requested === undefined ? policy.targetDeltaUnits : midpoint(shift(exposure.delta, requested));
  const gross = exposure.positions.reduce(
    (sum, { delta }) => sum.plus(delta === undefined ? 0 : new Decimal(midpoint(delta)).abs()),
    new Decimal(0),
  );
  const decision = decide({
    config: { ...policy, targetDeltaUnits: target },
    exposure,
    notional: Math.max(1, gross.times(exposure.spot).toNumber()),
    volatility: { annualVolatility },
    annualRate,
    buyCurve: buy,
    sellCurve: sell,
    horizonSeconds,
    latencySeconds,
    nowSeconds: Math.max(atSeconds, seconds(ports)),
    holdingUnits: 0,
  });
  return requested === undefined ? decision : asRequested(decision, requested, { buy, sell });
}

/** γ for the router's price of waiting, before the policy has derived one from a budget. */
function statedAversion({ policy: { riskAversion } }: Portfolio): number {
  return 'perNumeraire' in riskAversion ? riskAversion.perNumeraire : 0;
}

async function waitFor({ hub, ports }: Context, slice: Slice, signal: AbortSignal): Promise<void> {
  const waitMs = slice.atSeconds * 1000 - ports.clock.now();
  if (waitMs <= 0) return;
  hub.emit('waiting', { slice: slice.index, untilSeconds: slice.atSeconds });
  await ports.clock.sleep(waitMs, signal);
}

/** Change of delta that the swaps of a slice have made, from the flows of the underlying. */
function filledUnits({ baseTokens }: Portfolio, flows: readonly Flow[]): Decimal {
  return baseTokens.reduce((sum, token) => {
    const atoms = flows
      .filter(
        (flow) => flow.kind === 'swap' && flow.chainId === token.chainId && sameAddress(flow.token, token.address),
      )
      .reduce((total, flow) => total + flow.atoms, 0n);
    return sum.plus(new Decimal(atoms.toString()).shiftedBy(-token.decimals));
  }, new Decimal(0));
}

function swapsOf({ execution, route }: SliceResult): readonly SwapRecord[] {
  return route.hops.flatMap((hop, index) => {
    if (hop.kind !== 'swap') return [];
    const own = execution.flows.filter(({ step }) => step === `hop-${index}-swap`);
    return swapRecord(hop, own) ?? [];
  });
}

/** The open delta at the decision, after each slice as it was seen next, and at the end; distances from the target. */
function openPath(
  { policy }: Portfolio,
  before: Survey,
  slices: readonly SliceResult[],
  after: Survey,
): readonly OpenDelta[] {
  const looks = [before, ...slices.slice(1).map(({ survey: seen }) => seen), after];
  return looks.map(({ atSeconds, exposure }) => ({
    atSeconds,
    units: new Decimal(midpoint(exposure.delta)).minus(policy.targetDeltaUnits).toNumber(),
  }));
}

/** What the routes cost at the least by their certificates: their cost less what could at most have been saved. */
function leastCostOf(slices: readonly SliceResult[]): number {
  return slices.reduce((sum, { route, survey: { reference } }) => {
    const notional = Number(route.servedUnits) * Number(reference.price);
    return sum + Math.max(0, Number(route.cost) - (route.optimalityGapBps / 10_000) * notional);
  }, 0);
}

function seconds({ clock }: Pick<RebalancerPorts, 'clock'>): number {
  return Math.floor(clock.now() / 1000);
}
