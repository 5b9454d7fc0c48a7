import { toText } from '../exposure/number.js';
import { type Books, openBooks } from './books.js';
import type { BacktestPolicy, BacktestStep, BacktestTrade, Episode, EpisodeResult } from './episode.js';
import { BacktestInputInvalidError, BacktestUnreconciledError } from './errors.js';
import { fillCosts, gasAt, type PendingFill, plannedFills } from './fills.js';
import { checkLeg, closingValue, fundedUnitsOf, type Leg, openingValue } from './leg.js';
import { look } from './look.js';
import { checkPath, endSecondsOf, priceAt } from './price-path.js';
import { volatilityAt } from './volatility-table.js';

/** What the books may leave unexplained, as a share of all that went through them: rounding, nothing else. */
const MOST_UNEXPLAINED = 1e-9;

/** All that changes while an episode runs. */
interface State {
  readonly books: Books;
  readonly trades: BacktestTrade[];
  readonly heldBack: Record<string, number>;
  /** By the time at which they begin. */
  readonly beginning: ReadonlyMap<number, readonly Leg[]>;
  live: readonly Leg[];
  /** When the first of them ends. */
  nextEndSeconds: number;
  /** See `fundedUnitsOf`, of all that are live. */
  fundedUnits: number;
  /** Parts of the one programme that is open. */
  pending: readonly PendingFill[];
  programme: number;
  lastTradeSeconds: number | undefined;
  /** Delta of the book without its hedge, as it was last read. */
  bookDelta: number;
  trackingVariance: number;
  decisions: number;
}

/** Holds that are not the policy's own wish. */
const HELD_BACK: ReadonlySet<string> = new Set(['COST_ABOVE_LIMIT', 'NO_ROUTE', 'EXPOSURE_UNBOUNDED']);

/**
 * One policy on one path, through the same stations as live: the book is valued (`assembleExposure`), decided on
 * (`decide`), a trade is spread (`planSchedule`) and filled after the latency, at the path's price and the cost curve of
 * that moment. Options settle in cash; what is left of the hedge is closed at the last price, for a cost only where the
 * policy's settlement is `unwind`. A fill that still waits for its block when the path ends is not made.
 *
 * A decision sees prices, gas and forecasts up to its time and nothing later. Pure: the same input gives the same result.
 *
 * @param observe is told of every decision, in order
 * @throws {PriceJumpError} for a path with a move of more than ten times in one step
 * @throws {BacktestInputInvalidError} for prices that are none, a book that does not fit on the path, or monitoring that does not fit its step
 * @throws {BacktestUnreconciledError} when the parts of the profit do not sum to it
 *
 * @example
 * ```ts
 * const path = simulatePath({ model, spot: 100, startSeconds: 0, stepSeconds: 3600, steps: 720, seed: 1, index: 0 })
 * const { cost, grossPnl, trades } = runEpisode({ id: '0', path, legs, costs: proportionalCosts(5, 10), gas: 0.0025,
 *   carry, latencySeconds: 0, blockSeconds: 12 }, policy)
 * ```
 */
export function runEpisode(
  episode: Episode,
  policy: BacktestPolicy,
  observe?: (step: BacktestStep) => void,
): EpisodeResult {
  const { carry, legs, path } = episode;
  const every = stepsBetweenLooks(episode, policy);
  checkPath(path);
  for (const leg of legs) checkLegOnPath(episode, leg);
  const state: State = {
    books: openBooks(path.startSeconds, path.prices[0]!, carry),
    trades: [],
    heldBack: {},
    beginning: byStart(legs),
    live: [],
    nextEndSeconds: Number.POSITIVE_INFINITY,
    fundedUnits: 0,
    pending: [],
    programme: 0,
    lastTradeSeconds: undefined,
    bookDelta: 0,
    trackingVariance: 0,
    decisions: 0,
  };
  const steps = path.prices.length - 1;
  for (let step = 0; step <= steps; step++) {
    const seconds = path.startSeconds + step * path.stepSeconds;
    fillUntil(seconds, episode, policy, state);
    move(state, policy, seconds, path.prices[step]!);
    changeLegs(episode, policy, state, seconds);
    if (step % every !== 0 || step === steps || state.live.length === 0) continue;
    const taken = lookAndAct(episode, policy, state, seconds);
    observe?.(taken);
  }
  return close(episode, policy, state);
}

function stepsBetweenLooks({ path }: Episode, { config }: BacktestPolicy): number {
  const every = config.monitoringSeconds / path.stepSeconds;
  if (Number.isSafeInteger(every) && every >= 1) return every;
  throw new BacktestInputInvalidError(
    'monitoringSeconds',
    config.monitoringSeconds,
    `is not a multiple of the path's step of ${path.stepSeconds} s`,
    'Look at the book at times of which the price is known.',
  );
}

function checkLegOnPath({ path }: Episode, leg: Leg): void {
  checkLeg(leg);
  const end = endSecondsOf(path);
  for (const field of ['startSeconds', 'endSeconds'] as const) {
    const at = leg[field];
    if (at >= path.startSeconds && at <= end && (at - path.startSeconds) % path.stepSeconds === 0) continue;
    const hint = `Use a step of the path, from ${path.startSeconds} to ${end}.`;
    throw new BacktestInputInvalidError(`${leg.id}.${field}`, at, 'is not a time of the path', hint);
  }
}

/** Fills, in order, whatever block has come. */
function fillUntil(seconds: number, episode: Episode, policy: BacktestPolicy, state: State): void {
  while (state.pending.length > 0 && state.pending[0]!.atSeconds <= seconds) {
    const [{ atSeconds, units }, ...rest] = state.pending as [PendingFill, ...PendingFill[]];
    state.pending = rest;
    move(state, policy, atSeconds, priceAt(episode.path, atSeconds));
    trade(episode, state, atSeconds, units, gasAt(episode, atSeconds), 'POLICY');
  }
}

function trade(
  episode: Episode,
  { books, trades }: State,
  seconds: number,
  units: number,
  gas: number,
  reason: BacktestTrade['reason'],
): void {
  const costs = Object.freeze(fillCosts(episode, units, books.price(), gas));
  books.trade(units, costs);
  trades.push(Object.freeze({ seconds, units, price: books.price(), costs, reason }));
}

function move(state: State, { config }: BacktestPolicy, seconds: number, price: number): void {
  const { books } = state;
  const open = state.bookDelta + books.holdingUnits() - Number(config.targetDeltaUnits);
  state.trackingVariance += (open * (price - books.price())) ** 2;
  books.moveTo(seconds, price, state.fundedUnits);
}

function changeLegs({ carry }: Episode, { volatility }: BacktestPolicy, state: State, seconds: number): void {
  const begun = state.beginning.get(seconds) ?? [];
  if (begun.length === 0 && seconds < state.nextEndSeconds) return;
  const spot = state.books.price();
  const ended = state.live.filter((leg) => leg.endSeconds <= seconds);
  for (const leg of ended) state.books.closeLeg(closingValue(leg, spot));
  for (const leg of begun) {
    const { annualVolatility } = volatilityAt(volatility, seconds, leg.endSeconds - seconds);
    state.books.openLeg(openingValue(leg, spot, annualVolatility, carry.annualRate));
  }
  state.live = [...state.live.filter((leg) => leg.endSeconds > seconds), ...begun];
  state.nextEndSeconds = state.live.reduce((first, leg) => Math.min(first, leg.endSeconds), Number.POSITIVE_INFINITY);
  state.fundedUnits = state.live.reduce((sum, leg) => sum + fundedUnitsOf(leg), 0);
  if (state.live.length === 0) state.bookDelta = 0;
}

function byStart(legs: readonly Leg[]): Map<number, Leg[]> {
  const found = new Map<number, Leg[]>();
  for (const leg of legs) {
    const beside = found.get(leg.startSeconds);
    if (beside === undefined) found.set(leg.startSeconds, [leg]);
    else beside.push(leg);
  }
  return found;
}

/** One look at the book; without latency the first part is filled at the price that it was decided on. */
function lookAndAct(episode: Episode, policy: BacktestPolicy, state: State, seconds: number): BacktestStep {
  const { books, lastTradeSeconds, live, pending } = state;
  const remaining = pending.reduce((sum, { units }) => sum + units, 0);
  const remainingDeltaUnits = toText(Number(remaining.toPrecision(15)), 'remaining');
  const { bookDelta, step } = look({
    episode,
    policy,
    live,
    seconds,
    spot: books.price(),
    holdingUnits: books.holdingUnits(),
    lastTradeSeconds,
    open: pending.length === 0 ? undefined : { id: String(state.programme), remainingDeltaUnits },
  });
  state.bookDelta = bookDelta;
  state.decisions++;
  const { decision } = step;
  if (decision.action === 'trade') {
    state.programme++;
    state.lastTradeSeconds = seconds;
    state.pending = plannedFills(episode, policy, decision, step.gas);
    fillUntil(seconds, episode, policy, state);
    return step;
  }
  if (decision.programme.action === 'cancel') state.pending = [];
  if (HELD_BACK.has(decision.reason)) state.heldBack[decision.reason] = (state.heldBack[decision.reason] ?? 0) + 1;
  return step;
}

function close(episode: Episode, policy: BacktestPolicy, state: State): EpisodeResult {
  const { path } = episode;
  const { books, decisions, heldBack, trackingVariance, trades } = state;
  const endSeconds = endSecondsOf(path);
  if (policy.config.settlement === 'unwind' && books.holdingUnits() !== 0) {
    trade(episode, state, endSeconds, -books.holdingUnits(), gasAt(episode, endSeconds), 'UNWIND');
  }
  const turnoverUnits = trades.reduce((sum, { units }) => sum + Math.abs(units), 0);
  const pnl = books.close();
  const scale = path.prices[0]! * (1 + turnoverUnits) + Math.abs(pnl.book) + Math.abs(pnl.hedge);
  if (!(Math.abs(pnl.unexplained) <= MOST_UNEXPLAINED * scale)) {
    throw new BacktestUnreconciledError(episode.id, policy.name, pnl.unexplained);
  }
  const cost = pnl.costs.fee + pnl.costs.impact + pnl.costs.gas;
  return Object.freeze({
    episode: episode.id,
    policy: policy.name,
    startSeconds: path.startSeconds,
    endSeconds,
    pnl,
    cost,
    grossPnl: pnl.total + cost,
    trackingVariance,
    decisions,
    trades: Object.freeze(trades),
    turnoverUnits,
    heldBack: Object.freeze(heldBack),
  });
}
