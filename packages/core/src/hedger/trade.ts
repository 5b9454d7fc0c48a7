import type { SignedIntent } from '@evenkeel/intents';
import type { InstrumentChoice } from '../choose/choose-instrument.js';
import type { HoldingComparison } from '../holding/compare-holding.js';
import { executeProgramme, type ExecutionResult } from '../execution/execute-programme.js';
import { ExecutionPartMissingError } from '../execution/errors.js';
import { hull, interval } from '../model/interval.js';
import type { JsonValue } from '../model/curve.js';
import type { TokenAmount } from '../model/token.js';
import type { Schedule } from '../schedule/schedule.js';
import type { LogEntry } from '../ports/chain.js';
import type { InstrumentAdapter } from '../ports/instrument.js';
import type { ExecutionReport } from '../report/execution-report.js';
import { reconcile } from '../report/reconcile.js';
import type { Consideration, RebalanceOptions, Rebalancing } from '../rebalancer.js';
import { readBalances } from '../rebalancer/balances.js';
import { bookFlows } from '../rebalancer/book-flows.js';
import { closeOpenTrades } from '../rebalancer/close-trade.js';
import { type Context, executionParts, nowSeconds } from '../rebalancer/context.js';
import { ProgrammeOpenError } from '../rebalancer/errors.js';
import { recordClosing, recordOpening } from '../rebalancer/opening.js';
import { tokenOfPortfolio } from '../rebalancer/portfolio.js';
import { runningProgrammes } from '../rebalancer/resume.js';
import { planOf } from '../rebalancer/run-slices.js';
import { statedPrices } from '../rebalancer/stated-prices.js';
import type { Survey } from '../rebalancer/survey.js';
import { verdict } from '../rebalancer/verdict.js';
import { untradedReport } from '../rebalancer/untraded-report.js';
import type { InstrumentDecision } from './consider.js';
import { executorOf } from './executor.js';
import { instrumentProgramme, spendsOf } from './programme.js';
import { signSingle } from './sign-single.js';
import { tradeCosts, type TradeCostsInput } from './trade-costs.js';

/** A hedge with an instrument: what was chosen over what, and how its programme ended. */
export interface InstrumentTrade extends Pick<InstrumentDecision, 'choice'> {
  readonly execution: ExecutionResult;
}

/** A rebalancing as ever; where an instrument other than spot took the trade, it says which, and there are no routes. */
export interface HedgingResult extends Rebalancing {
  readonly instrument?: InstrumentTrade;
  /** All that competed, at all sizes that were asked for; the one that was decided on is the last. Absent: nobody was asked. */
  readonly choices?: readonly InstrumentChoice[];
  /** Where the size was split over several instruments: each trade, in order, what was taken back included. */
  readonly parts?: readonly HedgingResult[];
}

/**
 * Trades the instrument that was chosen: signs an intent that covers it and nothing else, and executes its calls through
 * the journal and the guard like any programme. Its report has the delta, the books, and what it cost by what the venue has
 * told of it.
 *
 * @throws {ProgrammeOpenError} PROGRAMME_OPEN; and what signing and {@link executeProgramme} throw
 */
export async function tradeInstrument(
  context: Context,
  adapters: readonly InstrumentAdapter[],
  considered: InstrumentDecision,
  { dryRun = false, permit, signal = new AbortController().signal }: RebalanceOptions,
): Promise<HedgingResult> {
  const { hub, portfolio, ports } = context;
  const { before, choice, curves, decision } = considered;
  if (!dryRun) await assertNoneOpen(context);
  hub.emit('surveyed', before);
  await recordDecision(context, considered, dryRun);
  hub.emit('decided', decision);
  await permit?.(decision, before);
  const { quote } = choice.chosen;
  const adapter = adapters.find(({ id }) => id === quote.adapter);
  if (adapter === undefined) throw new ExecutionPartMissingError('adapters', quote.adapter);
  const deadline = nowSeconds(ports) + portfolio.limits.deadlineSeconds;
  const calls = adapter.build({ quote, owner: portfolio.owner, deadline });
  const spends = spendsOf(quote, calls, portfolio.limits.slippageBps);
  const signed = await signTrade(context, considered, spends, deadline);
  hub.emit('signed', signed);
  const schedule = atOnce(considered, nowSeconds(ports), deadline);
  hub.emit('scheduled', schedule);
  const programme = instrumentProgramme({
    intentId: signed.id,
    account: ports.account,
    quote,
    calls,
    spends,
    slippageBps: portfolio.limits.slippageBps,
  });
  const parts = executionParts(context, dryRun, signal);
  const tokens = [...parts.tokens, ...quote.flows.map(({ token }) => token)];
  const execute = (): Promise<ExecutionResult> =>
    executeProgramme({ ...parts, adapters: [executorOf(adapter)], tokens, signedIntent: signed, programme });
  const finished = (execution: ExecutionResult, after: Survey, report: ExecutionReport): HedgingResult => {
    hub.emit('reported', report);
    const instrument = Object.freeze({ choice, execution });
    const slices = Object.freeze([]);
    return Object.freeze({ before, curves, decision, signed, schedule, slices, after, report, instrument });
  };
  if (dryRun) {
    const report = untradedReport({ portfolio, seen: before, decision, trust: [], simulated: signed.id });
    return finished(await execute(), before, report);
  }

  const chainIds = [quote.chainId];
  const opening = await readBalances(portfolio, ports, chainIds, signal);
  const plan = planOf(before, decision, schedule, undefined);
  const { band } = decision;
  const startedAtSeconds = before.atSeconds;
  const { delta } = before.exposure;
  const record = { intentId: signed.id, startedAtSeconds, delta, band, balances: opening, plan };
  await recordOpening(ports.journal, record, ports.clock.now());
  // One programme is the whole of it: what it leaves is for the next decision, not for slices of spot after a crash.
  await recordClosing(ports.journal, signed.id, 'Its one programme is all there is to do.', ports.clock.now());
  const execution = await execute();
  forgetTraded(context, quote.chainId);
  const closing = await readBalances(portfolio, ports, chainIds, signal);
  const after = await context.look(signal);
  const logs = await logsOf(context, quote.chainId, execution, signal);
  const fill = { quote, owner: portfolio.owner, deadline };
  const done = { adapter, fill, logs, execution, after, opening, closing };
  return finished(execution, after, await reportOf(context, considered, signed, done));
}

/**
 * Nothing is worth what it costs to hold: that is written down and reported, and nothing else is done.
 *
 * @throws {ProgrammeOpenError} PROGRAMME_OPEN
 */
export async function holdOn(
  context: Context,
  { before, curves, decision }: Consideration,
  { dryRun = false }: RebalanceOptions,
): Promise<HedgingResult> {
  const { hub, portfolio } = context;
  if (!dryRun) await assertNoneOpen(context);
  hub.emit('surveyed', before);
  await recordDecision(context, { before, decision }, dryRun);
  hub.emit('decided', decision);
  const report = untradedReport({ portfolio, seen: before, decision, trust: [] });
  hub.emit('reported', report);
  const untouched = { signed: undefined, schedule: undefined, slices: Object.freeze([]) };
  return Object.freeze({ before, curves, decision, ...untouched, after: before, report });
}

/** @throws {ProgrammeOpenError} PROGRAMME_OPEN */
async function assertNoneOpen(context: Context): Promise<void> {
  const [open] = await runningProgrammes(context);
  if (open === undefined) return closeOpenTrades(context, 'A new decision has taken the place of what was left.');
  throw new ProgrammeOpenError(context.portfolio.name, open.programme.intentId, open.programme.slice);
}

/** What has become of positions, what was decided, and which instrument is cheapest to hold where one trades. */
async function recordDecision(
  { ports }: Context,
  { before, choice, decision }: Omit<Consideration, 'curves'> & Partial<Pick<InstrumentDecision, 'choice'>>,
  simulated: boolean,
): Promise<void> {
  const append = (code: string, sentence: string, details: Readonly<Record<string, JsonValue>>): Promise<void> =>
    ports.journal.appendDecision({ atMs: ports.clock.now(), code, sentence, simulated, details });
  for (const { code, id, sentence } of before.changes) await append(code, sentence, { position: id });
  const { high, low } = before.exposure.delta;
  await append(decision.reason, decision.sentence, { action: decision.action, low, high });
  if (choice === undefined) return;
  const { adapter, chainId, instrument, units } = choice.chosen.quote;
  await append('INSTRUMENT_CHOSEN', choiceSentence(choice.chosen, choice.compared[1]), {
    ...{ adapter, chainId, instrument, units },
    compared: choice.compared.map(({ costBps, quote }) => ({
      adapter: quote.adapter,
      chainId: quote.chainId,
      costBps,
    })),
    refused: choice.refused.map(({ adapter: name, chainId: on, code }) => ({ adapter: name, chainId: on, code })),
  });
}

function choiceSentence({ costBps, quote }: HoldingComparison, next: HoldingComparison | undefined): string {
  const nameOf = (each: HoldingComparison['quote']): string =>
    `${each.instrument} of ${each.adapter} on chain ${each.chainId}`;
  const held = `${nameOf(quote)} is the cheapest to hold, at ${costBps.toFixed(1)} bp`;
  return next === undefined
    ? `${held}; nobody else takes it.`
    : `${held}; ${nameOf(next.quote)} would cost ${next.costBps.toFixed(1)} bp.`;
}

/** One piece, now. */
function atOnce({ choice, decision }: InstrumentDecision, startSeconds: number, endSeconds: number): Schedule {
  const deltaUnits = decision.deltaChangeUnits;
  return Object.freeze({
    kind: 'single',
    totalDeltaUnits: deltaUnits,
    startSeconds,
    endSeconds,
    slices: Object.freeze([Object.freeze({ index: 0, atSeconds: startSeconds, deltaUnits })]),
    sentence: `In one piece, at once. ${choiceSentence(choice.chosen, choice.compared[1])}`,
  });
}

/** An intent for this trade: on its chain, by its adapter, with no more of any token than it takes. */
function signTrade(
  context: Context,
  { before, choice, decision }: InstrumentDecision,
  spends: readonly TokenAmount[],
  deadline: number,
): Promise<SignedIntent> {
  const { chainId, adapter } = choice.chosen.quote;
  const { band, deltaChangeUnits, postTradeDelta } = decision;
  const { high, low } = hull(postTradeDelta, interval(band.low, band.high));
  return signSingle(context, before, {
    deltaChangeUnits,
    postTradeDelta: { low, high },
    adapters: [adapter],
    chainIds: [chainId],
    spends,
    deadline,
  });
}

/** Kinds that an instrument's trade may close. */
const TRADED: ReadonlySet<string> = new Set(['lending', 'perpetual']);

/** A position that a trade of our own may have closed is not doubted when it reads as nothing. */
function forgetTraded({ ports: { memory } }: Context, chainId: number): void {
  const earlier = memory?.recall();
  if (earlier === undefined) return;
  const kept = [...earlier.memory].filter(
    ([, { reading }]) => reading.asOf.chainId !== chainId || !TRADED.has(reading.position.kind),
  );
  memory?.keep({ ...earlier, memory: new Map(kept) });
}

function endOf({ state, steps }: ExecutionResult): string | undefined {
  if (state === 'completed') return undefined;
  const failed = steps.find((step) => step.state === 'failed') ?? steps.find((step) => step.state === 'cancelled');
  return failed === undefined ? `It was ${state}.` : `${failed.code}: ${failed.sentence}`;
}

interface Done extends Pick<TradeCostsInput, 'adapter' | 'after' | 'fill' | 'logs'> {
  readonly execution: ExecutionResult;
  readonly opening: readonly TokenAmount[];
  readonly closing: readonly TokenAmount[];
}

async function reportOf(
  context: Context,
  considered: InstrumentDecision,
  signed: SignedIntent,
  { closing, execution, opening, ...done }: Done,
): Promise<ExecutionReport> {
  const { portfolio, ports } = context;
  const { before, decision } = considered;
  const describe = (chainId: number, address: string) => tokenOfPortfolio(portfolio, chainId, address);
  const flows = bookFlows(await ports.journal.flows({ intentId: signed.id }), describe);
  const reconciliation = reconcile({ opening, flows, closing });
  const judged = verdict({
    after: done.after.exposure,
    band: decision.band,
    states: [execution.state],
    exact: reconciliation.exact,
    endedBecause: endOf(execution),
  });
  const costs = tradeCosts({ ...done, before, flows, prices: statedPrices(portfolio, before) });
  const { high: bandHigh, low: bandLow, target } = decision.band;
  return Object.freeze({
    underlying: portfolio.underlying,
    ...judged,
    intentId: signed.id,
    delta: { before: before.exposure.delta, target, after: done.after.exposure.delta, bandLow, bandHigh },
    costs,
    shortfall: null,
    reconciliation,
    efficiency: null,
    startedAtSeconds: before.atSeconds,
    endedAtSeconds: done.after.atSeconds,
  });
}

/** What the transactions of a trade have told, in their order. */
async function logsOf(
  { ports: { chains } }: Context,
  chainId: number,
  { steps }: ExecutionResult,
  signal: AbortSignal,
): Promise<readonly LogEntry[]> {
  const chain = chains.find(({ id }) => id === chainId)!;
  const hashes = [...new Set(steps.flatMap(({ txHash }) => txHash ?? []))];
  const receipts = await Promise.all(hashes.map((hash) => chain.receipt(hash, signal)));
  return receipts.flatMap((receipt) => receipt?.logs ?? []);
}
