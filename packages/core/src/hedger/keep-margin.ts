import { EvenkeelError } from '@evenkeel/intents';
import type { Contender } from '../choose/choose-instrument.js';
import { type MarginCure, type MarginPlan, planMarginCure } from '../margin/cure.js';
import { MarginUnreachableError } from '../margin/errors.js';
import type { MarginLimits } from '../margin/limits.js';
import { type MarginState, marginState } from '../margin/margin-account.js';
import type { MarginReading, MarginVenue } from '../margin/margin-venue.js';
import { isMarginNear } from '../margin/near.js';
import { Decimal } from '../model/decimal.js';
import { sameToken } from '../model/token.js';
import type { HedgeBridge } from '../route/hedge.js';
import type { Consideration } from '../rebalancer.js';
import type { Context } from '../rebalancer/context.js';
import { runningProgrammes } from '../rebalancer/resume.js';
import type { Survey } from '../rebalancer/survey.js';
import { bringMargin } from './bring-margin.js';
import { competition, spotContender } from './consider.js';
import type { HedgeInstruments } from './instruments.js';
import { bridgeSource, heldOf, laneId, REDUCE, reductionChoice, WALLET, walletSource } from './margin-choices.js';
import type { KeepMarginOptions, MarginKeeping, MarginKept, MarginProposal, MarginWay } from './margin-keeping.js';
import type { InstrumentOrder } from './trade-one.js';
import type { HedgingResult } from './trade.js';

/** What a look has seen, and what spot costs where the market agrees on a price. */
export type MarketSeen = Pick<Consideration, 'before'> & Partial<Pick<Consideration, 'curves'>>;

/** What keeping margins needs of the loop around it. */
export interface MarginParts {
  readonly context: Context;
  readonly instruments: HedgeInstruments;
  readonly keeping: MarginKeeping;
  readonly limits: MarginLimits;
  readonly look: (signal: AbortSignal) => Promise<MarketSeen>;
  readonly trade: (order: InstrumentOrder, options: { dryRun: boolean; signal: AbortSignal }) => Promise<HedgingResult>;
}

const LOOK_AHEAD_SECONDS = 1_800;

/**
 * Looks at every margin, and brings those that are too near to liquidation back by what is cheapest, begun early enough:
 * money of the wallet, money over a bridge, a smaller position. Where a way fails the next cheapest is taken. What was
 * planned, over what, and how it ended stands in the decision log.
 *
 * @returns what was due; nothing where all margins are as they should be
 * @throws PROGRAMME_OPEN, what `permit` throws, and what leaves a programme under way
 */
export async function keepMargins(parts: MarginParts, options: KeepMarginOptions): Promise<readonly MarginKept[]> {
  const { context, keeping, limits } = parts;
  const { portfolio, ports } = context;
  const signal = options.signal ?? new AbortController().signal;
  const volatility = await ports.volatility.realised(portfolio.underlying, signal);
  const annualVolatility = Number(volatility.value);
  const outlook = { annualVolatility, seconds: keeping.lookAheadSeconds ?? LOOK_AHEAD_SECONDS };
  const near: { readonly venue: MarginVenue; readonly reading: MarginReading }[] = [];
  for (const venue of keeping.venues) {
    const reading = await readVenue(context, venue, signal);
    if (reading !== undefined && isMarginNear(reading.account, limits, outlook)) near.push({ venue, reading });
  }
  const all: MarginKept[] = [];
  for (const { reading, venue } of near) {
    const kept = await keepOne({ ...parts, venue, annualVolatility, options, signal }, reading);
    if (kept === undefined) continue;
    all.push(kept);
    options.onKept?.(kept);
  }
  return Object.freeze(all);
}

/** One that cannot be read is for its watch to tell; the others are kept all the same. */
async function readVenue(
  { portfolio, ports }: Context,
  venue: MarginVenue,
  signal: AbortSignal,
): Promise<MarginReading | undefined> {
  try {
    return await venue.read(portfolio.owner, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EvenkeelError)) throw error;
    ports.logger?.log('warn', `The margin at ${venue.name} cannot be read: ${error.message}`, { code: error.code });
    return undefined;
  }
}

interface OneInput extends MarginParts {
  readonly venue: MarginVenue;
  readonly annualVolatility: number;
  readonly options: KeepMarginOptions;
  readonly signal: AbortSignal;
}

type Cured = Pick<MarginKept, 'intentId' | 'reconciliation' | 'trade'> & {
  readonly isDone: boolean;
  readonly why: string;
};

/** Until the account is cured, or no way is left. Undefined where nothing is due. */
async function keepOne(input: OneInput, first: MarginReading): Promise<MarginKept | undefined> {
  const { context, options, signal, venue } = input;
  const { dryRun = false } = options;
  const base = { venue: venue.id, chainId: venue.chainId, before: marginState(first.account) };
  const failed = new Set<string>();
  let last: MarginKept | undefined;
  let reading = first;
  for (;;) {
    const seen = await input.look(signal);
    let plan: MarginPlan & { readonly lanes: ReadonlyMap<string, HedgeBridge> };
    try {
      plan = await planFor(input, reading, seen, failed);
    } catch (error) {
      if (!(error instanceof MarginUnreachableError)) throw error;
      const { distance, leverage } = marginState(reading.account);
      const tried = failed.size === 0 ? '' : ` ${[...failed].join(', ')} failed.`;
      const sentence = `The margin at ${venue.name} is beyond its limits (${spoken({ distance, leverage })}) and nothing that may be done helps.${tried}`;
      const kept = { ...base, code: 'MARGIN_UNREACHABLE', outcome: 'unreachable', sentence, rejected: [] } as const;
      await record(context, kept, dryRun);
      return Object.freeze(kept);
    }
    if (plan.status === 'fine') return last;
    const { cure, rejected } = plan;
    const proposal = proposalOf(input, reading, cure, seen.before);
    await recordPlan(context, venue, { ...plan, proposal, state: marginState(reading.account) }, dryRun);
    await options.permit?.(proposal);
    const done = await tryCure(input, { cure, lane: plan.lanes.get(cure.id), reading, before: seen.before });
    const about = { ...base, proposal, rejected, ...resultOf(done) };
    if (done.isDone) {
      const after = dryRun ? undefined : marginState((await venue.read(context.portfolio.owner, signal)).account);
      const end = after === undefined ? '' : ` It is ${spoken(after)} now.`;
      const kept = Object.freeze({
        ...about,
        outcome: dryRun ? 'simulated' : 'cured',
        code: 'MARGIN_CURED',
        sentence: `The margin at ${venue.name}, ${spoken(base.before)}, was cured by ${spokenCure(cure, venue)}.${end}`,
        ...(after === undefined ? {} : { after }),
      } satisfies MarginKept);
      await record(context, kept, dryRun);
      return kept;
    }
    failed.add(cure.id);
    const sentence = `${spokenCure(cure, venue)} for the margin at ${venue.name} failed: ${done.why}`;
    last = Object.freeze({ ...about, outcome: 'failed', code: 'MARGIN_CURE_FAILED', sentence });
    await record(context, last, dryRun);
    reading = (await readVenue(context, venue, signal)) ?? reading;
  }
}

const resultOf = ({
  intentId,
  reconciliation,
  trade,
}: Cured): Pick<Cured, 'intentId' | 'reconciliation' | 'trade'> => ({
  ...(intentId === undefined ? {} : { intentId }),
  ...(reconciliation === undefined ? {} : { reconciliation }),
  ...(trade === undefined ? {} : { trade }),
});

/** The cheapest of the ways that may be taken and have not failed. @throws {MarginUnreachableError} */
async function planFor(
  input: OneInput,
  reading: MarginReading,
  seen: MarketSeen,
  failed: ReadonlySet<string>,
): Promise<MarginPlan & { readonly lanes: ReadonlyMap<string, HedgeBridge> }> {
  const { annualVolatility, context, keeping, limits, signal, venue } = input;
  const { portfolio, ports } = context;
  const { before } = seen;
  const may = (way: MarginWay): boolean => keeping.ways.includes(way);
  // The next look at it may be two intervals away, and what is decided then has to be mined.
  const seconds = 2 * portfolio.policy.monitoringSeconds + portfolio.latencySeconds;
  const gasCost = (chainId: number, gasUnits: bigint): number =>
    Number(gasUnits) * Number(before.gasPriceWei[chainId] ?? 0n) * 1e-18 * Number(before.nativePrice[chainId] ?? 0);
  const terms = { gasCost, seconds };
  const isUnderWay = (await ports.journal.transfers({ open: true })).some(({ transfer }) =>
    sameToken(transfer.quote.output.token, venue.token),
  );
  const lanes = new Map(
    before.bridges
      .filter(({ to }) => may('bridge') && !isUnderWay && sameToken(to, venue.token))
      .map((lane) => [laneId(lane), lane] as const),
  );
  const money = [
    ...(may('wallet') ? [walletSource(venue, reading, terms)] : []),
    ...[...lanes.values()].map((lane) => bridgeSource(venue, reading, lane, heldOf(before, lane.from), terms)),
  ];
  const reduction =
    may('reduce') && !failed.has(REDUCE) ? await reductionFor(input, reading, seen, seconds) : undefined;
  signal.throwIfAborted();
  const plan = planMarginCure(reading.account, limits, {
    weight: reading.weight,
    annualVolatility,
    money: money.filter(({ id }) => !failed.has(id)),
    ...(reduction === undefined ? {} : { reduction }),
    ...(keeping.restoreDistance === undefined ? {} : { restoreDistance: keeping.restoreDistance }),
  });
  return { ...plan, lanes };
}

async function reductionFor(
  { context, instruments, limits, signal, venue }: OneInput,
  reading: MarginReading,
  { before, curves }: MarketSeen,
  seconds: number,
): ReturnType<typeof reductionChoice> {
  const { portfolio } = context;
  const { contenders, terms } = competition({ instruments, portfolio, spot: { before } });
  const isOwn = ({ adapter, instrument }: Contender): boolean =>
    adapter.id === venue.carries.adapter && instrument === venue.carries.instrument;
  const contender = contenders.find(isOwn);
  if (contender === undefined) return undefined;
  const others = contenders.filter((each) => each !== contender);
  const spot = curves === undefined ? [] : [spotContender({ portfolio, spot: { before, curves } })];
  const openCostPerUnit = (portfolio.policy.maxCostBps / 10_000) * terms.spot;
  const input = { contender, others: [...others, ...spot], terms, reading, limits, seconds, openCostPerUnit };
  return reductionChoice(input, signal);
}

function proposalOf(
  { venue }: OneInput,
  { heldUnits }: MarginReading,
  cure: MarginCure,
  { gasPriceWei, nativePrice, reference }: Survey,
): MarginProposal {
  const way = cure.kind === 'reduction' ? 'reduce' : cure.id === WALLET ? 'wallet' : 'bridge';
  const { chainId } = venue;
  const gasCost = Number(venue.gasUnits * (gasPriceWei[chainId] ?? 0n)) * 1e-18 * Number(nativePrice[chainId] ?? 0);
  const notional = cure.kind === 'reduction' ? cure.share * Math.abs(heldUnits) * Number(reference.price) : 0;
  return Object.freeze({ venue: venue.id, chainId, way, notional, cost: Math.max(0, cure.cost), gasCost });
}

/** A refusal is for the next way; what leaves something under way, or stops everything, is thrown on. */
async function tryCure(
  input: OneInput,
  at: {
    readonly cure: MarginCure;
    readonly lane: HedgeBridge | undefined;
    readonly reading: MarginReading;
    readonly before: Survey;
  },
): Promise<Cured> {
  const { context, options, signal } = input;
  try {
    return await carryOutCure(input, at, options.dryRun ?? false);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EvenkeelError) || error.code.startsWith('JOURNAL_')) throw error;
    if ((await runningProgrammes(context)).length > 0) throw error;
    return { isDone: false, why: error.message };
  }
}

async function carryOutCure(
  { context, signal, trade, venue }: OneInput,
  { before, cure, lane, reading }: Parameters<typeof tryCure>[1],
  dryRun: boolean,
): Promise<Cured> {
  if (cure.kind === 'money') {
    const bring = { context, before, venue, reading, amount: cure.amount, dryRun, signal };
    const { execution, reconciliation, signed } = await bringMargin(lane === undefined ? bring : { ...bring, lane });
    const end = execution.steps.find(({ state }) => state === 'failed' || state === 'cancelled');
    return {
      isDone: execution.state === 'completed' || execution.state === 'simulated',
      why: end?.sentence ?? `it was ${execution.state}.`,
      intentId: signed.id,
      ...(reconciliation === undefined ? {} : { reconciliation }),
    };
  }
  const { lotUnits } = context.portfolio.policy;
  const held = new Decimal(reading.heldUnits.toFixed(18));
  const lots = held.abs().times(cure.share).div(lotUnits).integerValue(Decimal.ROUND_UP).times(lotUnits);
  const size = Decimal.min(lots, held.abs());
  const units = (held.isNegative() ? size : size.negated()).toFixed();
  const order = { ...venue.carries, chainId: venue.chainId, units };
  const result = await trade(order, { dryRun, signal });
  const state = result.instrument?.execution.state;
  return {
    isDone: state === 'completed' || state === 'simulated',
    why: result.report.reason,
    trade: result,
    ...(result.signed === undefined ? {} : { intentId: result.signed.id }),
  };
}

function spokenCure(cure: MarginCure, venue: MarginVenue): string {
  if (cure.kind === 'reduction') return `closing ${(100 * cure.share).toFixed(1)} % of the position`;
  const money = `${cure.amount.toFixed(2)} ${venue.token.symbol}`;
  return cure.id === WALLET ? `${money} of the wallet` : `${money} over ${cure.id}`;
}

const spoken = ({ distance, leverage }: Pick<MarginState, 'distance' | 'leverage'>): string =>
  `${(100 * distance).toFixed(1)} % from liquidation at a leverage of ${leverage.toFixed(1)}`;

async function recordPlan(
  { ports: { clock, journal } }: Context,
  venue: MarginVenue,
  plan: Extract<MarginPlan, { status: 'cure' }> & { readonly proposal: MarginProposal; readonly state: MarginState },
  simulated: boolean,
): Promise<void> {
  const { cure, proposal, rejected, state } = plan;
  const others = rejected.map(({ id, reason }) => `${id} (${reason})`).join(', ');
  const sentence = `The margin at ${venue.name} is ${spoken(state)}: ${spokenCure(cure, venue)} is the cheapest cure, at ${cure.cost.toFixed(2)}${others === '' ? '' : `; not taken: ${others}`}.`;
  const { cost, way } = proposal;
  const details = {
    ...{ venue: venue.id, chainId: venue.chainId, way, cost, ...numbersOf(state) },
    ...(cure.kind === 'money' ? { amount: cure.amount } : { share: cure.share }),
    rejected: rejected.map((each) => ({ ...each })),
  };
  await journal.appendDecision({ atMs: clock.now(), code: 'MARGIN_CURE', sentence, simulated, details });
}

async function record({ ports }: Context, kept: MarginKept, simulated: boolean): Promise<void> {
  const { after, before, chainId, code, intentId, sentence, venue } = kept;
  await ports.journal.appendDecision({
    atMs: ports.clock.now(),
    ...(intentId === undefined ? {} : { intentId }),
    code,
    sentence,
    simulated,
    details: { venue, chainId, before: numbersOf(before), ...(after === undefined ? {} : { after: numbersOf(after) }) },
  });
  ports.logger?.log(kept.outcome === 'cured' ? 'info' : 'warn', sentence, { code, venue });
}

/** JSON has no infinity: what no move liquidates has no distance. */
function numbersOf({ distance, leverage }: MarginState): {
  readonly distance: number | null;
  readonly leverage: number | null;
} {
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return { distance: finite(distance), leverage: finite(leverage) };
}
