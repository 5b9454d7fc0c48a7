import { EvenkeelError, type SignedIntent } from '@evenkeel/intents';
import { remainingSpend } from '../execution/coverage.js';
import { executeProgramme, type ExecutionResult } from '../execution/execute-programme.js';
import { ORDER_SLICES } from '../execution/order-slices.js';
import { planProgramme } from '../execution/plan-programme.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import type { Exposure } from '../model/exposure.js';
import { sameAddress, type TokenAmount } from '../model/token.js';
import type { TradeDecision } from '../policy/decision.js';
import type { Flow, ProgrammeRecord } from '../ports/journal.js';
import type { PacingQuestion } from '../schedule/paced-slices.js';
import { replan } from '../schedule/replan.js';
import type { HedgeRoute } from '../route/hedge.js';
import type { Schedule, Slice } from '../schedule/schedule.js';
import { type Context, executionParts, nowSeconds } from './context.js';
import { CostAboveIntentError, PriceDisputedError } from './errors.js';
import { awardRoute } from './award-route.js';
import { costCurves } from './cost-curves.js';
import { firmRoute } from './firm-route.js';
import { hedgeRequest } from './hedge-request.js';
import type { NetworkSlice, OwnSlice, SliceAward } from './networks-port.js';
import type { TradePlan } from './opening.js';
import { type Portfolio, tokenOfPortfolio } from './portfolio.js';
import { type MeasuredRecovery, recordRecoveries } from './recoveries.js';
import { recordSlice } from './slice-records.js';
import { isPaced, pacingOf, pacingQuestion, riskOf } from './schedule-of.js';
import type { Survey } from './survey.js';
import { recordTrust } from './trust-journal.js';

/** One slice, from its route to what it did. */
export interface SliceResult extends OwnSlice, Partial<Pick<NetworkSlice, 'swap'>> {
  readonly slice: Slice;
  readonly survey: Survey;
  readonly award: SliceAward;
  /** The market moved before its swap was in: what it left was planned anew in the slice after it. */
  readonly replanned?: true;
}

export interface SlicesInput {
  readonly plan: TradePlan;
  readonly signed: SignedIntent;
  /** What was seen before the first slice; undefined where an earlier process has begun and this one goes on. */
  readonly before: Survey | undefined;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  /** Aborts when somebody asks for an end: nothing new is begun. */
  readonly cancelled: AbortSignal;
}

export interface SlicesRun {
  readonly results: readonly SliceResult[];
  /** Why it ended before all was done; undefined when it did not. */
  readonly endedBecause: string | undefined;
}

/**
 * Slice after slice, each routed on what is there at its time. What is left is recomputed from the net delta after each
 * fill, so that a market that has done the work ends the schedule, and the target is never crossed. What is late is made
 * up for in one last slice, as long as the intent lives.
 *
 * A market that moves between the quotes and the blocks is answered once a trade: what simulation refuses before anything is
 * sent is quoted anew, and what a chain or the last simulation refuses in the middle is planned anew, as one further slice.
 *
 * Once a slice is done, one that cannot be begun ends the schedule with its reason; before that its error is thrown. An
 * error in the middle of an execution is always thrown: its programme is still running, and can be resumed.
 */
export async function runSlices(context: Context, input: SlicesInput): Promise<SlicesRun> {
  const { before, dryRun, plan } = input;
  if (before === undefined) return executeSlices(context, input, await restAfter(context, input), undefined);
  if (!dryRun) return executeSlices(context, input, plan.schedule, before);
  const results: SliceResult[] = [];
  for (const slice of plan.schedule.slices) results.push(await runSlice(context, input, slice, before));
  return { results, endedBecause: undefined };
}

/** What an earlier process has left of the schedule, by the journal and by what the net delta needs now. */
async function restAfter(context: Context, { plan, signed, signal }: SlicesInput): Promise<Schedule> {
  const { journal, networks } = context.ports;
  const begun = (await journal.programmes({ intentId: signed.id })).filter(isOwnSlice);
  const given = (await networks?.nextSlice(signed.id)) ?? 0;
  const nextIndex = begun.reduce((next, { programme }) => Math.max(next, programme.slice + 1), given);
  const filled = filledUnits(context.portfolio, await journal.flows({ intentId: signed.id }));
  // When the other process has filled it is not known any more: as long ago as can be.
  const fills = filled.isZero() ? [] : [{ atSeconds: plan.schedule.startSeconds, deltaUnits: filled.toFixed() }];
  return rest(context, plan, await agreedLook(context, signal), fills, nextIndex);
}

/** A programme of a slice, and none around an order that was given to a network. */
export function isOwnSlice({ programme }: Pick<ProgrammeRecord, 'programme'>): boolean {
  return programme.slice < ORDER_SLICES;
}

async function executeSlices(
  context: Context,
  input: SlicesInput,
  toDo: Schedule,
  before: Survey | undefined,
): Promise<SlicesRun> {
  const { portfolio, ports } = context;
  const { cancelled, plan, signed } = input;
  const results: SliceResult[] = [];
  const ended = (endedBecause: string | undefined): SlicesRun => ({ results, endedBecause });
  let schedule = toDo;
  let seen = before;
  let hasReplanned = false;
  let afterSlice: Survey | undefined;
  const fills: { readonly atSeconds: number; readonly deltaUnits: DecimalString }[] = [];
  const earlier = filledUnits(portfolio, await ports.journal.flows({ intentId: signed.id }));
  if (!earlier.isZero()) fills.push({ atSeconds: plan.schedule.startSeconds, deltaUnits: earlier.toFixed() });
  for (let slice = schedule.slices[0]; slice !== undefined; slice = schedule.slices[0]) {
    if (await waitFor(context, slice, input)) {
      afterSlice = seen;
      seen = undefined;
    }
    if (cancelled.aborted) return ended('It was cancelled.');
    try {
      seen ??= await agreedLook(context, input.signal);
      const last = results.at(-1);
      if (last !== undefined && afterSlice !== undefined) {
        await recordRecoveries(context, { route: last.route, before: last.survey, after: afterSlice, later: seen });
        afterSlice = undefined;
      }
      const result = await runSlice(context, input, slice, seen);
      const moved = hasReplanned ? undefined : movedMarket(result.execution);
      if (moved !== undefined) {
        hasReplanned = true;
        results.push(Object.freeze({ ...result, replanned: true }));
        await tellReplanned(context, input, slice, moved.code, `${moved.sentence} What it left is planned anew.`);
      } else {
        results.push(result);
        if (result.execution.state !== 'completed') return ended(failureOf(result.execution));
        if (schedule.slices.length === 1 && result.route.status === 'complete') return ended(undefined);
        if (schedule.slices.length === 1) return ended(`${result.route.remainderUnits} could not be served.`);
      }
      seen = await agreedLook(context, input.signal);
    } catch (error) {
      if (!hasReplanned && error instanceof EvenkeelError && MOVED_MARKET.has(error.code) && (await isUntouched())) {
        hasReplanned = true;
        await tellReplanned(context, input, slice, error.code, `${error.message} It is quoted anew.`);
        seen = undefined;
        continue;
      }
      if (!(await endsQuietly(context, input, slice, results, error))) throw error;
      return ended(`Slice ${slice.index} was not begun: ${(error as EvenkeelError).message}`);
    }
    const { unbounded } = seen.exposure;
    if (unbounded.length > 0) return ended(`The delta has no bounds while ${unbounded.join(', ')} cannot be read.`);
    const done = results.at(-1)!;
    const filled = filledUnits(portfolio, done.execution.flows);
    if (!filled.isZero()) fills.push({ atSeconds: nowSeconds(ports), deltaUnits: filled.toFixed() });
    schedule = rest(context, plan, seen, fills, slice.index + 1);
  }
  return ended(undefined);

  /** Whether nothing of the slice was begun, so that it may be another one. */
  async function isUntouched(): Promise<boolean> {
    const slice = schedule.slices[0]!.index;
    return (await ports.journal.programme({ intentId: signed.id, slice })) === undefined;
  }
}

/** Refusals by which a market shows that it is not where it was quoted; of anything else a second try knows no more. */
const MOVED_MARKET: ReadonlySet<string> = new Set(['GUARD_CALL_REVERTS', 'GUARD_RECEIVES_LESS', 'STEP_REVERTED']);

/** The step that the market has moved away from, where nothing else is why a slice has stopped. */
function movedMarket({ state, steps }: ExecutionResult): ExecutionResult['steps'][number] | undefined {
  if (state !== 'stopped') return undefined;
  const failed = steps.filter((step) => step.state === 'failed');
  return failed.every(({ code }) => MOVED_MARKET.has(code)) ? failed[0] : undefined;
}

async function tellReplanned(
  { hub, ports }: Context,
  { signed }: SlicesInput,
  { index }: Slice,
  code: string,
  sentence: string,
): Promise<void> {
  hub.emit('replanned', { slice: index, code, sentence });
  await ports.journal.appendDecision({
    atMs: ports.clock.now(),
    intentId: signed.id,
    slice: index,
    code: 'REPLANNED',
    sentence,
    simulated: false,
    details: { because: code },
  });
}

function rest(
  { portfolio, ports }: Context,
  plan: TradePlan,
  seen: Survey,
  fills: PacingQuestion['fills'],
  nextIndex: number,
): Schedule {
  const { landingUnits, recoverySeconds = portfolio.schedule.recoverySeconds, riskAversion, schedule } = plan;
  const neededDeltaUnits = new Decimal(landingUnits).minus(nearEnd(seen.exposure, plan)).toFixed();
  // What bounds the lateness is the intent's deadline, which execution enforces.
  const now = Math.min(nowSeconds(ports), schedule.endSeconds);
  const { kind } = schedule;
  if (isPaced(kind, ports.pacing)) {
    const { buy, sell } = costCurves(portfolio, seen, riskAversion, neededDeltaUnits);
    const question = pacingQuestion(portfolio, {
      recoverySeconds,
      schedule: { ...schedule, kind },
      curve: plan.deltaChangeUnits.startsWith('-') ? sell : buy,
      riskPerSquaredUnitYear: riskOf(riskAversion, seen.annualVolatility, Number(seen.reference.price)),
      neededDeltaUnits,
      fills,
      nextIndex,
      nowSeconds: now,
    });
    return pacingOf(ports.pacing, kind)(question);
  }
  const filled = fills.reduce((sum, { deltaUnits }) => sum.plus(deltaUnits), new Decimal(0));
  return replan({
    schedule,
    filledDeltaUnits: filled.toFixed(),
    neededDeltaUnits,
    nextIndex,
    lotUnits: portfolio.policy.lotUnits,
    nowSeconds: now,
  });
}

/** The plan of a decision, from what was seen before it. */
export function planOf(
  { exposure }: Survey,
  decision: TradeDecision,
  schedule: Schedule,
  measured: MeasuredRecovery | undefined,
): TradePlan {
  const { deltaChangeUnits, inputs } = decision;
  const landingUnits = new Decimal(nearEnd(exposure, decision)).plus(deltaChangeUnits).toFixed();
  return Object.freeze({
    deltaChangeUnits,
    landingUnits,
    riskAversion: inputs.riskAversion.perNumeraire,
    ...(measured === undefined ? {} : { recoverySeconds: measured.seconds }),
    schedule,
  });
}

/** The end of the exposure that a trade must not carry past the target: doubt makes what is left smaller, not larger. */
function nearEnd({ delta }: Exposure, { deltaChangeUnits }: Pick<TradePlan, 'deltaChangeUnits'>): DecimalString {
  return deltaChangeUnits.startsWith('-') ? delta.low : delta.high;
}

/** A look that may be traded on. @throws PRICE_DISPUTED */
async function agreedLook({ look, portfolio }: Context, signal: AbortSignal): Promise<Survey> {
  const seen = await look(signal);
  assertAgreed(seen, portfolio);
  return seen;
}

/** @throws {PriceDisputedError} PRICE_DISPUTED */
export function assertAgreed({ dispute }: Survey, { limits }: Portfolio): void {
  if (dispute === undefined) return;
  throw new PriceDisputedError(dispute.sentence, dispute.disagreementBps, limits.maxDisagreementBps);
}

/** Whether an error only keeps the slice from beginning, after others were done. */
async function endsQuietly(
  { portfolio, ports }: Context,
  { before, signal, signed }: SlicesInput,
  slice: Slice,
  results: readonly SliceResult[],
  error: unknown,
): Promise<boolean> {
  if (signal.aborted || !(error instanceof EvenkeelError)) return false;
  if (results.length === 0 && before !== undefined) return false;
  const known = await ports.journal.programme({ intentId: signed.id, slice: slice.index });
  const orders = (await ports.networks?.live(portfolio)) ?? [];
  return known?.state !== 'running' && orders.length === 0;
}

async function runSlice(context: Context, input: SlicesInput, slice: Slice, seen: Survey): Promise<SliceResult> {
  const { hub, portfolio, ports } = context;
  const { cancelled, dryRun, plan, signal, signed } = input;
  const { networks } = ports;
  const routed = await routeSlice(context, input, slice.deltaUnits, seen);
  const { route } = routed;
  const parts = executionParts(context, dryRun, signal);
  const tell = (sentence: string): void => hub.emit('delegated', { slice: slice.index, sentence });
  const contested = { portfolio, signed, plan, slice, survey: seen, route, parts, dryRun, tell, cancelled, signal };
  const award: SliceAward = (await networks?.award(contested)) ?? awardRoute(route);
  hub.emit('routed', { slice: slice.index, survey: seen, route, award });
  const goesAway = networks !== undefined && award.winner === 'bid' && !dryRun;
  const key = { intentId: signed.id, slice: slice.index };
  const begin = async (begun: HedgeRoute, isGivenAway: boolean): Promise<void> => {
    if (dryRun) return;
    await recordSlice(ports.journal, key, { seen, route: begun, isGivenAway }, ports.clock.now());
  };
  await begin(route, goesAway);
  const done = goesAway
    ? await networks.carryOut(contested, award.bid, async (deltaUnits) => {
        const then = await agreedLook(context, signal);
        const rest = await routeSlice(context, input, deltaUnits, then);
        await begin(rest.route, false);
        return executeRoute(context, input, slice.index, then, rest);
      })
    : await executeRoute(context, input, slice.index, seen, routed);
  return Object.freeze({ slice, survey: seen, award, ...done });
}

type Routed = Awaited<ReturnType<typeof firmRoute>>;

async function routeSlice(
  context: Context,
  input: SlicesInput,
  deltaChangeUnits: DecimalString,
  seen: Survey,
): Promise<Routed> {
  const { portfolio, ports } = context;
  const { dryRun, plan, signal, signed } = input;
  const request = hedgeRequest(portfolio, seen, {
    deltaChangeUnits,
    annualVolatility: seen.annualVolatility,
    riskAversion: plan.riskAversion,
    maxSpend: await unspent(context, input),
    onShortfall: 'partial',
    nodeBudget: portfolio.nodeBudget,
  });
  return firmRoute(
    {
      request,
      bridges: ports.bridges,
      venues: ports.venues,
      opaque: ports.opaque,
      account: ports.account,
      deadline: signed.intent.deadline,
      nowSeconds: nowSeconds(ports),
      limitMs: portfolio.limits.solicitMs,
      onRefusal: (adapter, code, sentence) => ports.logger?.log('warn', sentence, { adapter, code }),
      onDistrust: (change, record) => recordTrust(ports.journal, change, record, dryRun),
    },
    signal,
  );
}

/** @throws {CostAboveIntentError} COST_ABOVE_INTENT; as `executeProgramme` */
async function executeRoute(
  context: Context,
  { dryRun, signal, signed }: SlicesInput,
  slice: number,
  seen: Survey,
  { firmQuotes, route, swapQuotes }: Routed,
): Promise<OwnSlice> {
  const { account, bridges, venues } = context.ports;
  const { deadline, maxCostBps } = signed.intent;
  if (route.costBps > maxCostBps) throw new CostAboveIntentError(route.costBps, maxCostBps);
  const programme = planProgramme({
    intentId: signed.id,
    slice,
    route,
    firmQuotes,
    swapQuotes,
    inventories: seen.balances,
    account,
    venues,
    bridges,
    deadline,
  });
  const parts = executionParts(context, dryRun, signal);
  return { route, programme, execution: await executeProgramme({ ...parts, signedIntent: signed, programme }) };
}

/** What the signed intent still lets be spent of each token that the trade spends; nothing where it says nothing. */
async function unspent({ portfolio, ports }: Context, { plan, signed }: SlicesInput): Promise<readonly TokenAmount[]> {
  const flows = await ports.journal.flows({ intentId: signed.id });
  const { baseTokens, quoteTokens } = portfolio;
  const tokens = plan.deltaChangeUnits.startsWith('-') ? baseTokens : quoteTokens;
  return tokens.map((token) => {
    const describe = (address: string) => tokenOfPortfolio(portfolio, token.chainId, address);
    const left = remainingSpend(signed.intent, token.chainId, flows, describe);
    const own = left.find((each) => sameAddress(each.token.address, token.address));
    return { token, atoms: own?.atoms ?? 0n };
  });
}

/** Waits for the slice's time, or until somebody asks for an end; whether there was anything to wait for. */
async function waitFor({ hub, ports }: Context, slice: Slice, input: SlicesInput): Promise<boolean> {
  const { cancelled, signal } = input;
  const waitMs = slice.atSeconds * 1000 - ports.clock.now();
  if (waitMs <= 0 || cancelled.aborted) return false;
  hub.emit('waiting', { slice: slice.index, untilSeconds: slice.atSeconds });
  await ports.clock.sleep(waitMs, AbortSignal.any([signal, cancelled])).catch((error: unknown) => {
    if (!cancelled.aborted || signal.aborted) throw error;
  });
  return true;
}

/** Change of delta that the swaps of a slice have made, from the flows of the underlying. */
export function filledUnits({ baseTokens }: Portfolio, flows: readonly Flow[]): Decimal {
  return baseTokens.reduce((sum, token) => {
    const atoms = flows
      .filter(
        (flow) => flow.kind === 'swap' && flow.chainId === token.chainId && sameAddress(flow.token, token.address),
      )
      .reduce((total, flow) => total + flow.atoms, 0n);
    return sum.plus(new Decimal(atoms.toString()).shiftedBy(-token.decimals));
  }, new Decimal(0));
}

function failureOf({ state, steps }: ExecutionResult): string {
  const failed = steps.find((step) => step.state === 'failed') ?? steps.find((step) => step.state === 'cancelled');
  return failed === undefined ? `It was ${state}.` : `${failed.code}: ${failed.sentence}`;
}
