import type { Award } from '../award/award.js';
import { EvenkeelError, type SignedIntent } from '@evenkeel/intents';
import { remainingSpend } from '../execution/coverage.js';
import { executeProgramme, type ExecutionResult } from '../execution/execute-programme.js';
import { planProgramme } from '../execution/plan-programme.js';
import { Decimal } from '../model/decimal.js';
import type { Exposure } from '../model/exposure.js';
import type { Programme } from '../model/programme.js';
import { sameAddress, type TokenAmount } from '../model/token.js';
import type { TradeDecision } from '../policy/decision.js';
import type { Flow } from '../ports/journal.js';
import type { HedgeRoute } from '../route/hedge.js';
import { replan } from '../schedule/replan.js';
import type { Schedule, Slice } from '../schedule/schedule.js';
import { type Context, executionParts, nowSeconds } from './context.js';
import { CostAboveIntentError, PriceDisputedError } from './errors.js';
import { awardRoute } from './award-route.js';
import { firmRoute } from './firm-route.js';
import { hedgeRequest } from './hedge-request.js';
import { type Portfolio, tokenOfPortfolio } from './portfolio.js';
import type { Survey } from './survey.js';

/** One slice, from its route to what it did. */
export interface SliceResult {
  readonly slice: Slice;
  readonly survey: Survey;
  readonly route: HedgeRoute;
  readonly award: Award;
  readonly programme: Programme;
  readonly execution: ExecutionResult;
}

export interface SlicesInput {
  readonly before: Survey;
  readonly decision: TradeDecision;
  readonly signed: SignedIntent;
  readonly schedule: Schedule;
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
 * Once a slice is done, one that cannot be begun ends the schedule with its reason; before that its error is thrown. An
 * error in the middle of an execution is always thrown: its programme is still running, and can be resumed.
 */
export async function runSlices(context: Context, input: SlicesInput): Promise<SlicesRun> {
  return input.dryRun ? simulateSlices(context, input) : executeSlices(context, input);
}

async function simulateSlices(context: Context, input: SlicesInput): Promise<SlicesRun> {
  const results: SliceResult[] = [];
  for (const slice of input.schedule.slices) results.push(await runSlice(context, input, slice, input.before));
  return { results, endedBecause: undefined };
}

async function executeSlices(context: Context, input: SlicesInput): Promise<SlicesRun> {
  const { portfolio } = context;
  const { before, cancelled, decision, schedule: planned } = input;
  const landing = new Decimal(nearEnd(before.exposure, decision)).plus(decision.deltaChangeUnits);
  const results: SliceResult[] = [];
  const ended = (endedBecause: string | undefined): SlicesRun => ({ results, endedBecause });
  let schedule = planned;
  let seen: Survey | undefined = before;
  let filled = new Decimal(0);
  for (let slice = schedule.slices[0]; slice !== undefined; slice = schedule.slices[0]) {
    if (await waitFor(context, slice, input)) seen = undefined;
    if (cancelled.aborted) return ended('It was cancelled.');
    try {
      seen ??= await agreedLook(context, input.signal);
      const result = await runSlice(context, input, slice, seen);
      results.push(result);
      filled = filled.plus(filledUnits(portfolio, result.execution.flows));
      if (result.execution.state !== 'completed') return ended(failureOf(result.execution));
      if (schedule.slices.length === 1 && result.route.status === 'complete') return ended(undefined);
      if (schedule.slices.length === 1) return ended(`${result.route.remainderUnits} could not be served.`);
      seen = await agreedLook(context, input.signal);
    } catch (error) {
      if (!(await endsQuietly(context, input, slice, results, error))) throw error;
      return ended(`Slice ${slice.index} was not begun: ${(error as EvenkeelError).message}`);
    }
    const { unbounded } = seen.exposure;
    if (unbounded.length > 0) return ended(`The delta has no bounds while ${unbounded.join(', ')} cannot be read.`);
    schedule = replan({
      schedule: planned,
      filledDeltaUnits: filled.toFixed(),
      neededDeltaUnits: landing.minus(nearEnd(seen.exposure, decision)).toFixed(),
      nextIndex: slice.index + 1,
      lotUnits: portfolio.policy.lotUnits,
      // What bounds the lateness is the intent's deadline, which execution enforces.
      nowSeconds: Math.min(nowSeconds(context.ports), planned.endSeconds),
    });
  }
  return ended(undefined);
}

/** The end of the exposure that a trade must not carry past the target: doubt makes what is left smaller, not larger. */
function nearEnd({ delta }: Exposure, { deltaChangeUnits }: TradeDecision): string {
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
  { ports }: Context,
  { signal, signed }: SlicesInput,
  slice: Slice,
  results: readonly SliceResult[],
  error: unknown,
): Promise<boolean> {
  if (results.length === 0 || signal.aborted || !(error instanceof EvenkeelError)) return false;
  const known = await ports.journal.programme({ intentId: signed.id, slice: slice.index });
  return known?.state !== 'running';
}

async function runSlice(context: Context, input: SlicesInput, slice: Slice, seen: Survey): Promise<SliceResult> {
  const { hub, portfolio, ports } = context;
  const { decision, dryRun, signal, signed } = input;
  const { deadline, maxCostBps } = signed.intent;
  const request = hedgeRequest(portfolio, seen, {
    deltaChangeUnits: slice.deltaUnits,
    annualVolatility: seen.annualVolatility,
    riskAversion: decision.inputs.riskAversion.perNumeraire,
    maxSpend: await unspent(context, input),
    onShortfall: 'partial',
    nodeBudget: portfolio.nodeBudget,
  });
  const { firmQuotes, route } = await firmRoute(
    {
      request,
      bridges: ports.bridges,
      account: ports.account,
      deadline,
      nowSeconds: nowSeconds(ports),
      limitMs: portfolio.limits.solicitMs,
      onRefusal: (adapter, code, sentence) => ports.logger?.log('warn', sentence, { adapter, code }),
    },
    signal,
  );
  // No outside network is asked yet: our own route stands alone, and says so.
  const award = awardRoute(portfolio, seen, route, [], nowSeconds(ports));
  hub.emit('routed', { slice: slice.index, survey: seen, route, award });
  if (route.costBps > maxCostBps) throw new CostAboveIntentError(route.costBps, maxCostBps);
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
  return Object.freeze({ slice, survey: seen, route, award, programme, execution });
}

/** What the signed intent still lets be spent of each token that the trade spends; nothing where it says nothing. */
async function unspent(
  { portfolio, ports }: Context,
  { decision, signed }: SlicesInput,
): Promise<readonly TokenAmount[]> {
  const flows = await ports.journal.flows({ intentId: signed.id });
  const { baseTokens, quoteTokens } = portfolio;
  const tokens = decision.deltaChangeUnits.startsWith('-') ? baseTokens : quoteTokens;
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

function failureOf({ state, steps }: ExecutionResult): string {
  const failed = steps.find((step) => step.state === 'failed') ?? steps.find((step) => step.state === 'cancelled');
  return failed === undefined ? `It was ${state}.` : `${failed.code}: ${failed.sentence}`;
}
