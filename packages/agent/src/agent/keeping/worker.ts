import { Decimal, type Hex, type Journal, type TradeDecision } from '@evenkeel/core';
import { delegationsOf } from '@evenkeel/core/delegate';
import type { HedgingRebalancer, HedgingResult } from '@evenkeel/core/hedger';
import type { Resumption, Survey } from '@evenkeel/core/rebalancer';
import type { ExecutionReport } from '@evenkeel/core/report';
import type { OpenBook, WorkflowEnd } from '@evenkeel/core/workflow';
import { EvenkeelError } from '@evenkeel/intents';
import * as v from 'valibot';
import type { Alert } from '../alerts/alerts.js';
import type { TotalLimits } from '../config/schema.js';
import { EnginePortfolioUnknownError } from '../engine/errors.js';
import { openTurns } from '../engine/open-turns.js';
import { claimedJournal, sharedBook } from '../engine/shared-book.js';
import type { SharedRuns } from '../engine/shared-runs.js';
import type { AgentEvents } from '../events.js';
import type { Desk } from '../limits/desk.js';
import type { SharedDesk } from '../limits/shared-desk.js';
import type { PaperLedger } from '../paper/paper-ledger.js';
import { undecided } from '../watch/look.js';
import { isInPlace, type Outside } from '../watch/outside.js';
import { expectedAmounts, paperChanges, usedAmounts } from './amounts.js';
import { decisionEvent, type Keeper, type KeeperActivity, note, type Standing, standingOf } from './keeper.js';
import { keepMargin } from './keep-margin.js';
import { hasUnfinished } from './left-behind.js';
import { tellAll } from './tell.js';

export type Mode = 'dry-run' | 'paper' | 'live';

export interface WorkerParts {
  readonly mode: Mode;
  readonly desk: Desk;
  readonly paper: PaperLedger;
  readonly outside: Outside;
  readonly events: AgentEvents;
  readonly raise: (alert: Alert) => unknown;
  /** Stops new risk; a scope is a portfolio's name, or `*`. */
  readonly kill: (scope: string, reason: string) => void;
  readonly total: () => TotalLimits;
  /** Undefined for a name that is not known. */
  readonly keeperOf: (name: string) => Keeper | undefined;
  /** Where several agents share an engine, which then carries trades out. */
  readonly shared?: SharedWork;
  readonly now: () => number;
}

export interface SharedWork {
  /** A journal whose earlier holder writes no more. */
  readonly claim: (name: string) => Promise<Journal>;
  readonly runs: () => SharedRuns;
  /** The same as the worker's own, which others hear of. */
  readonly desk: SharedDesk;
}

/** Runs rebalancings beside one another, one at a time for each account. */
export interface Worker {
  /** @returns false when it cannot be begun now: the account is busy, or enough is under way */
  rebalance(keeper: Keeper): boolean;
  /** Looks at its margins, and brings those back that come near to liquidation. */
  keepMargin(keeper: Keeper): boolean;
  /** Ends what is over on its venues. */
  settle(keeper: Keeper): boolean;
  /** Brings what a crash or an error left behind to its end, whatever limits and stops say. */
  resume(keeper: Keeper): boolean;
  /** A look at transfers that came too late for their trades. */
  track(keeper: Keeper): Promise<void>;
  /** The emergency exit. */
  ripcord(keeper: Keeper, by: 'automatic' | 'by-hand'): boolean;
  running(): number;
  /** A portfolio for a turn that the engine has given to this agent. @throws ENGINE_PORTFOLIO_UNKNOWN */
  book(portfolio: string): Promise<OpenBook>;
  /** Resolves once no turn of a shared engine is under way here. */
  turnsOver(): Promise<void>;
  /** What happens cannot be written down any more: nothing further is begun. */
  breakOff(error: unknown): void;
  /** @throws what it was broken off by */
  assertUnbroken(): void;
  /** Nothing new is begun; resolves once all has ended, or after `patienceMs` is parked: how many were. */
  stop(patienceMs: number): Promise<number>;
}

interface Job {
  readonly keeper: Keeper;
  /** Nothing further is begun. */
  readonly drain: AbortController;
  /** It ends where it stands. */
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/** The longest rest after attempts that failed. */
const LONGEST_REST_MS = 900_000;
/** The same for margins, which do not wait. */
const LONGEST_MARGIN_REST_MS = 60_000;

export function openWorker(parts: WorkerParts): Worker {
  const { desk, events, kill, mode, now, raise, shared } = parts;
  const jobs = new Map<string, Job>();
  const turns = openTurns();
  let stopping = false;
  let broken: { readonly by: unknown } | undefined;

  const breakOff = (error: unknown): void => {
    broken ??= { by: error };
    stopping = true;
  };

  const begin = (
    keeper: Keeper,
    activity: KeeperActivity,
    work: (job: Pick<Job, 'drain' | 'abort'>) => Promise<void>,
  ): boolean => {
    const lane = keeper.owner.toLowerCase();
    if (stopping || jobs.has(lane)) return false;
    const drain = new AbortController();
    const abort = new AbortController();
    keeper.now.activity = activity;
    const ended = work({ drain, abort })
      .catch((error: unknown) => failed(keeper, error))
      .catch(breakOff)
      .finally(() => {
        keeper.now.activity = 'watching';
        keeper.now.outlook = undefined;
        jobs.delete(lane);
      });
    jobs.set(lane, { keeper, drain, abort, ended });
    return true;
  };

  /** What nobody has foreseen: the portfolio rests, and people are told. */
  const failed = (keeper: Keeper, error: unknown): void => {
    if (error instanceof AgentStoppedError) return;
    const { now: at, portfolio } = keeper;
    at.failures += 1;
    const restMs = Math.min(LONGEST_REST_MS, portfolio.policy.monitoringSeconds * 1000 * 2 ** at.failures);
    at.restUntilMs = now() + restMs;
    const standing = undecided(error, now());
    decided(keeper, standing, false, 'warn');
    const { code, sentence } = standing;
    raise({ key: `failed:${keeper.name}:${code}`, level: 'warning', code, portfolio: keeper.name, sentence });
    // A journal that cannot be written protects nobody any more.
    if (/^(JOURNAL_(CORRUPT|FULL|IO)|AGENT_STATE_)/.test(code)) kill('*', `The journal fails: ${sentence}`);
  };

  const decided = (keeper: Keeper, standing: Standing, inPlace: boolean, level: 'info' | 'warn'): void => {
    parts.outside.note(keeper, inPlace, standing.atMs);
    if (!note(keeper, standing)) return;
    events.emit(decisionEvent(keeper.name, standing, level));
  };

  const reserve = async (
    keeper: Keeper,
    decision: TradeDecision,
    survey: Survey,
    ripcord?: 'automatic' | 'by-hand',
  ): Promise<number> => {
    const expected = { portfolio: keeper.name, ...expectedAmounts(decision, survey) };
    const proposal = ripcord === undefined ? expected : { ...expected, ripcord };
    const { dayLimits } = keeper.settings;
    if (shared === undefined) return desk.reserve(proposal, dayLimits, parts.total());
    return shared.desk.reserveAmongAll(proposal, dayLimits, parts.total());
  };

  /** One rebalancing from its look to what it used. */
  const trade = async (
    keeper: Keeper,
    rebalancer: HedgingRebalancer,
    { abort, drain }: Pick<Job, 'drain' | 'abort'>,
    options: { readonly deltaChangeUnits?: string; readonly ripcord?: 'automatic' | 'by-hand' },
  ): Promise<HedgingResult> => {
    const { ripcord, ...requested } = options;
    let reserved: number | undefined;
    let intentId: Hex | undefined;
    const stopTelling = tellAll(rebalancer, keeper.name, events, (id) => (intentId = id));
    try {
      const result = await rebalancer.rebalance({
        ...requested,
        dryRun: mode !== 'live',
        signal: abort.signal,
        drain: drain.signal,
        permit: async (decision, survey) => {
          if (drain.signal.aborted) throw new AgentStoppedError();
          reserved = await reserve(keeper, decision, survey, ripcord);
        },
      });
      if (reserved !== undefined) account(keeper, reserved, result);
      return result;
    } catch (error) {
      keeper.now.unfinished = mode === 'live' && (await hasUnfinished(keeper));
      if (reserved !== undefined) {
        // What was signed may have been sent: it stays used, unless the journal knows of nothing.
        const { journal } = keeper.ports;
        const isBegun =
          intentId !== undefined &&
          mode === 'live' &&
          ((await journal.programmes({ intentId })).length > 0 || (await delegationsOf(journal, intentId)).length > 0);
        if (!isBegun) desk.release(reserved);
        else desk.keep(reserved);
      }
      throw error;
    } finally {
      stopTelling();
    }
  };

  const account = (keeper: Keeper, reserved: number, result: HedgingResult): void => {
    if (mode === 'dry-run') {
      desk.release(reserved);
      return;
    }
    if (mode === 'paper') {
      parts.paper.book(keeper.owner, paperChanges(keeper.owner, result.slices));
      if (result.decision.action === 'trade') desk.settle(reserved, expectedAmounts(result.decision, result.before));
      return;
    }
    const used = usedAmounts(keeper.portfolio, result);
    if (used === undefined) desk.keep(reserved);
    else desk.settle(reserved, used);
  };

  const tellReport = (
    portfolio: string,
    { costs, delta, intentId, outcome, reason, reconciliation }: ExecutionReport,
  ): void => {
    events.emit({
      kind: 'report',
      level: outcome === 'failed' ? 'warn' : 'info',
      code: outcome.toUpperCase().replaceAll('-', '_'),
      portfolio,
      sentence: reason,
      details: {
        intentId,
        delta,
        costs: costs?.byKind ?? null,
        total: costs?.total ?? null,
        unexplainedAtoms: reconciliation?.unexplainedAtoms ?? null,
      },
    });
    if (reconciliation?.exact === false) kill(portfolio, `The books of ${portfolio} do not add up: ${reason}`);
  };

  /** What a rebalancing means for the portfolio and for people. */
  const conclude = (keeper: Keeper, { before, decision, report }: HedgingResult): void => {
    const { name, now: at, portfolio } = keeper;
    const standing = standingOf(decision, {
      atMs: now(),
      delta: report.delta.after,
      spot: before.reference.price,
    });
    const isDone = report.outcome === 'hedged' || (mode === 'paper' && report.outcome === 'dry-run');
    decided(keeper, standing, isDone || isInPlace(standing), 'info');
    const isBad = report.outcome === 'failed';
    at.failures = isBad ? at.failures + 1 : 0;
    at.restUntilMs = now() + portfolio.policy.monitoringSeconds * 1000 * 2 ** Math.min(at.failures, 8);
    if (decision.action === 'hold') return;
    tellReport(name, report);
    if (isBad) {
      raise({
        key: `report:${name}`,
        level: 'warning',
        code: 'TRADE_FAILED',
        portfolio: name,
        sentence: report.reason,
      });
    }
  };

  /** A run on the shared engine, to its end, whoever carries it out. */
  const follow = async (
    { runs }: SharedWork,
    keeper: Keeper,
    { abort, drain }: Pick<Job, 'drain' | 'abort'>,
  ): Promise<void> => {
    const { name, now: at, owner, portfolio } = keeper;
    const signal = AbortSignal.any([abort.signal, drain.signal]);
    const before = at.standing;
    let end: WorkflowEnd;
    try {
      end = await runs().follow({ name, owner, underlying: portfolio.underlying }, signal);
    } catch (error) {
      if (signal.aborted) throw new AgentStoppedError();
      throw error;
    }
    at.unfinished = await hasUnfinished(keeper);
    events.emit({ kind: 'report', level: 'info', code: 'RUN_ENDED', portfolio: name, ...spokenEnd(name, end) });
    // What was done here was told by its turn; of what others have done the next look will say how it stands.
    if (at.standing === before) at.restUntilMs = now() + portfolio.policy.monitoringSeconds * 1000;
  };

  const rebalance = (keeper: Keeper): boolean => {
    if (jobs.size >= parts.total().maxOpenIntents) return false;
    return begin(keeper, 'rebalancing', async (job) => {
      keeper.now.pressing = false;
      if (shared !== undefined) await follow(shared, keeper, job);
      else {
        conclude(keeper, await trade(keeper, keeper.rebalancer, job, {}));
        await reconsider(keeper, job);
      }
    });
  };

  /** What costs more to hold than it did moves where that pays, once the book is where it belongs. */
  const reconsider = async (keeper: Keeper, { abort, drain }: Pick<Job, 'drain' | 'abort'>): Promise<void> => {
    const { name, now: at, rebalancer } = keeper;
    for (const adapter of at.comparing) {
      if (drain.signal.aborted) return;
      at.comparing.delete(adapter);
      const reserved: number[] = [];
      const stopTelling = tellAll(rebalancer, name, events, () => undefined);
      try {
        const place = await rebalancer.reconsider?.(adapter, {
          dryRun: mode !== 'live',
          signal: abort.signal,
          permit: async (decision, survey) => {
            reserved.push(await reserve(keeper, decision, survey));
          },
        });
        for (const [index, trade] of (place?.moved?.trades ?? []).entries()) {
          const id = reserved[index];
          if (id !== undefined) account(keeper, id, trade);
        }
        const code = place === undefined ? 'HEDGE_STAYS' : 'HEDGE_MOVES';
        const sentence =
          place?.sentence ?? `What is held of ${adapter} stays: nobody holds it for less, the way counted.`;
        const details = { adapter, saving: place?.saving ?? null, outcome: place?.moved?.outcome.status ?? null };
        events.emit({ kind: 'venue', level: 'info', code, portfolio: name, sentence, details });
      } finally {
        // Of what was not accounted for nobody knows what it has used.
        for (const id of reserved) desk.keep(id);
        stopTelling();
      }
    }
  };

  const settle = (keeper: Keeper): boolean =>
    shared === undefined &&
    begin(keeper, 'settling', async ({ abort }) => {
      const { name, now: at, rebalancer } = keeper;
      at.settling = false;
      const reserved: number[] = [];
      const stopTelling = tellAll(rebalancer, name, events, () => undefined);
      try {
        const all = await rebalancer.settle?.({
          dryRun: mode !== 'live',
          signal: abort.signal,
          permit: () => {
            const nothing = { notionalUsd: 0, gasUsd: 0, lossUsd: 0, slippageUsd: 0 };
            const { dayLimits } = keeper.settings;
            reserved.push(desk.reserve({ portfolio: name, isExit: true, ...nothing }, dayLimits, parts.total()));
          },
        });
        for (const { chainId, code, intentId, outcome, sentence, venue } of all ?? []) {
          const isBad = outcome === 'failed';
          // It is over until it is settled: the next round tries again.
          at.settling ||= isBad;
          const details = { venue, chainId, outcome, intentId: intentId ?? null };
          events.emit({ kind: 'venue', level: isBad ? 'warn' : 'info', code, portfolio: name, sentence, details });
          const level = 'warning';
          if (isBad) raise({ key: `${code}:${name}:${venue}`, level, code, portfolio: name, sentence });
        }
        Object.assign(at, { dueMs: 0, restUntilMs: 0, pressing: true });
      } catch (error) {
        at.settling = true;
        at.unfinished = mode === 'live' && (await hasUnfinished(keeper));
        throw error;
      } finally {
        for (const id of reserved) desk.release(id);
        stopTelling();
      }
    });

  // What a shared engine carries out is spot: it has no margins to keep.
  const keepMargins = (keeper: Keeper): boolean =>
    shared === undefined &&
    begin(keeper, 'margin', async ({ abort }) => {
      const { name, now: at, portfolio } = keeper;
      const isLive = mode === 'live';
      const intervalMs = portfolio.policy.monitoringSeconds * 1000;
      try {
        const { total } = parts;
        const hasChanged = await keepMargin(keeper, { isLive, desk, events, raise, kill, total }, abort.signal);
        at.marginFailures = 0;
        // Every other round is for trades: an account may be near its limits for long, and nothing due.
        at.marginRestMs = now() + 2 * intervalMs;
        // What is held has changed: how the book stands is decided at once.
        if (hasChanged) Object.assign(at, { dueMs: 0, restUntilMs: 0 });
      } catch (error) {
        at.unfinished = isLive && (await hasUnfinished(keeper));
        if (error instanceof AgentStoppedError) throw error;
        at.marginFailures += 1;
        at.marginRestMs = now() + Math.min(LONGEST_MARGIN_REST_MS, intervalMs * 2 ** at.marginFailures);
        const { code, sentence } = undecided(error, now());
        events.emit({ kind: 'margin', level: 'error', code, portfolio: name, sentence });
        raise({ key: `margin:${name}:${code}`, level: 'critical', code, portfolio: name, sentence });
      }
    });

  const tellLeft = (keeper: Keeper, left: readonly Resumption[]): void => {
    const reports = new Map<Hex, ExecutionReport>();
    for (const { intentId, report, slice, state } of left) {
      const sentence = `Slice ${slice} of intent ${intentId}, which was left behind, is ${state}.`;
      const details = { intentId, slice, state };
      events.emit({ kind: 'report', level: 'info', code: 'RESUMED', portfolio: keeper.name, sentence, details });
      if (report !== null) reports.set(intentId, report);
    }
    for (const report of reports.values()) tellReport(keeper.name, report);
  };

  const resume = (keeper: Keeper): boolean =>
    begin(keeper, 'resuming', async (job) => {
      if (shared !== undefined) {
        await follow(shared, keeper, job);
        return;
      }
      const { abort } = job;
      const stopTelling = tellAll(keeper.rebalancer, keeper.name, events, () => undefined);
      try {
        const ended = await keeper.rebalancer.resume(abort.signal);
        keeper.now.unfinished = false;
        keeper.now.failures = 0;
        tellLeft(keeper, ended);
      } finally {
        stopTelling();
      }
    });

  const track = async (keeper: Keeper): Promise<void> => {
    const isBegun = begin(keeper, 'tracking', async ({ abort }) => {
      const stopTelling = tellAll(keeper.rebalancer, keeper.name, events, () => undefined);
      try {
        await keeper.rebalancer.track(abort.signal);
      } finally {
        stopTelling();
      }
    });
    // Where another trade of the account is under way, the next round looks.
    if (isBegun) await jobs.get(keeper.owner.toLowerCase())?.ended;
  };

  const ripcord = (keeper: Keeper, by: 'automatic' | 'by-hand'): boolean =>
    begin(keeper, 'ripcord', async (job) => {
      const sentence = `The ripcord of ${keeper.name} was pulled (${by}).`;
      events.emit({
        kind: 'ripcord',
        level: 'warn',
        code: 'RIPCORD',
        portfolio: keeper.name,
        sentence,
        details: { by },
      });
      raise({ key: `ripcord:${keeper.name}`, level: 'critical', code: 'RIPCORD', portfolio: keeper.name, sentence });
      const rebalancer =
        shared === undefined ? keeper.emergency() : keeper.emergency(await claimedJournal(keeper, shared.claim));
      const { exposure } = await rebalancer.survey(job.abort.signal);
      const deltaChangeUnits = wayToTarget(keeper, exposure.delta);
      if (deltaChangeUnits === undefined) {
        const nothing = `The delta of ${keeper.name} is at its target, or nobody can say on which side: nothing to do.`;
        events.emit({
          kind: 'ripcord',
          level: 'info',
          code: 'RIPCORD_IDLE',
          portfolio: keeper.name,
          sentence: nothing,
        });
        return;
      }
      conclude(keeper, await trade(keeper, rebalancer, job, { deltaChangeUnits, ripcord: by }));
    });

  return Object.freeze({
    rebalance,
    keepMargin: keepMargins,
    settle,
    resume,
    track,
    ripcord,
    running: () => jobs.size,
    book: async (name) => {
      const keeper = parts.keeperOf(name);
      if (keeper === undefined || shared === undefined) throw new EnginePortfolioUnknownError(name);
      const { claim, desk: sharedDesk } = shared;
      const bookParts = { claim, desk: sharedDesk, events, reserve, account, conclude, tellLeft };
      return turns.counted(() => sharedBook(keeper, bookParts));
    },
    turnsOver: () => turns.over(),
    breakOff,
    assertUnbroken: () => {
      if (broken !== undefined) throw broken.by;
    },
    stop: async (patienceMs) => {
      stopping = true;
      const all = [...jobs.values()];
      for (const { drain } of all) drain.abort();
      const ends = Promise.all(all.map(({ ended }) => ended));
      const done = Promise.all([ends, turns.over()]);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, patienceMs)));
      await Promise.race([done, late]);
      clearTimeout(timer);
      const parked = jobs.size;
      for (const { abort } of jobs.values()) abort.abort(new AgentStoppedError());
      await ends;
      return parked;
    },
  } satisfies Worker);
}

/** The agent was told to stop before something had come to its end. Code `AGENT_STOPPED`. */
export class AgentStoppedError extends EvenkeelError {
  constructor() {
    super('AGENT_STOPPED', 'The agent was told to stop; what was begun is in the journal.', {
      hint: 'Start the agent again: it brings it to its end.',
      retryable: true,
    });
  }
}

function spokenEnd(
  name: string,
  end: WorkflowEnd,
): { readonly sentence: string; readonly details: Readonly<Record<string, unknown>> } {
  if (end.state === 'failed')
    return { sentence: `The run of ${name} has failed: ${end.sentence}`, details: { ...end } };
  const { outcome, sentence } = v.parse(v.object({ outcome: v.string(), sentence: v.string() }), end.output);
  return { sentence: `The run of ${name} has ended: ${sentence}`, details: { outcome } };
}

/** The trade that brings the nearer end of the delta to the target: what surely lowers the risk. Whole lots. */
function wayToTarget(
  { portfolio: { policy } }: Keeper,
  delta: { readonly low: string; readonly high: string },
): string | undefined {
  const target = new Decimal(policy.targetDeltaUnits);
  const [low, high] = [new Decimal(delta.low), new Decimal(delta.high)];
  const change = low.gt(target) ? target.minus(low) : high.lt(target) ? target.minus(high) : new Decimal(0);
  const lots = change.div(policy.lotUnits).integerValue(Decimal.ROUND_DOWN);
  return lots.isZero() ? undefined : lots.times(policy.lotUnits).toFixed();
}
