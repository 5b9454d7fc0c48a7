import { EvenkeelError } from '@evenkeel/intents';
import { createRebalancer, type RebalanceOptions, type Rebalancer } from '../rebalancer.js';
import type { Context } from '../rebalancer/context.js';
import { RebalancerBusyError } from '../rebalancer/errors.js';
import { eventHub, type RebalancerEvents } from '../rebalancer/events.js';
import { lookMemory } from '../rebalancer/look-memory.js';
import type { Portfolio, RebalancerPorts } from '../rebalancer/portfolio.js';
import { considerInstruments, SPOT, type Weighed } from './consider.js';
import { executorOf } from './executor.js';
import type { HedgeInstruments } from './instruments.js';
import { keepMargins } from './keep-margin.js';
import type { MarketSeen } from './margin-ways.js';
import type { KeepMarginOptions, MarginKept } from './margin-keeping.js';
import { type HedgeMoved, type HedgeMoveOrders, moveHedge, type MoveParts } from './move-hedge.js';
import { ROUTED_SPOT } from './routed-spot.js';
import { type BetterPlace, betterPlace } from './reconsider.js';
import { settleAll, type Settled, type SettleOptions } from './settle.js';
import { joined, ordersOf, tradeSplit } from './split-hedge.js';
import { decideOrder, type InstrumentOrder } from './trade-one.js';
import { holdOn, type HedgingResult, tradeInstrument } from './trade.js';

/** A rebalancer whose hedges may be other instruments than spot. */
export interface HedgingRebalancer extends Omit<Rebalancer, 'rebalance'> {
  /**
   * As the rebalancer's own. Where an instrument is cheaper to hold than spot it takes the trade, in one piece, by an
   * intent and a programme of its own; else the rebalancer does what it does without instruments.
   */
  rebalance(options?: RebalanceOptions): Promise<HedgingResult>;
  /**
   * Brings margins that come near to liquidation back within their limits: money of the wallet, money over a bridge, or a
   * smaller position, whichever is cheapest, begun early enough. Absent: there are none.
   *
   * @returns what was due, each with its end
   * @throws {RebalancerBusyError}; PROGRAMME_OPEN; what `permit` throws, and what leaves a programme under way
   */
  keepMargin?(options?: KeepMarginOptions): Promise<readonly MarginKept[]>;
  /**
   * Ends what is over: options that have expired are settled and paid out. Absent: nothing of it ends.
   *
   * @returns what was due
   * @throws as {@link keepMargin}
   */
  settle?(options?: SettleOptions): Promise<readonly Settled[]>;
  /**
   * Lets the others compete for what is held of one instrument, and moves it where that pays.
   *
   * @returns undefined where it stays
   * @throws as `InstrumentRebalancer.move`
   */
  reconsider?(
    adapter: string,
    options?: Pick<RebalanceOptions, 'dryRun' | 'permit' | 'signal'>,
  ): Promise<HedgeReconsidered | undefined>;
}

/** Why a hedge was moved, and how that ended; nothing was traded where it is only looked at. */
export interface HedgeReconsidered extends BetterPlace {
  readonly moved?: HedgeMoved;
}

/** One that has instruments: each can be traded by itself as well. */
export interface InstrumentRebalancer extends HedgingRebalancer {
  /**
   * Trades exactly one of the instruments, with an intent and a programme as any: what closes a hedge at its end, or moves it.
   *
   * @throws {TradeNotDecidedError} where it is not configured or the policy refuses, NO_INSTRUMENT where the venue does; else
   * as `rebalance`
   */
  trade(order: InstrumentOrder, options?: Omit<RebalanceOptions, 'deltaChangeUnits'>): Promise<HedgingResult>;
  /**
   * Moves a hedge from one instrument to another, in two trades: the new one first. Where the old one cannot be closed, the
   * new one is kept only if the risk is lower with it.
   *
   * @throws what opening throws: nothing was done; PARTS_STUCK where it cannot be taken back
   */
  move(orders: HedgeMoveOrders, options?: Pick<RebalanceOptions, 'permit' | 'signal'>): Promise<HedgeMoved>;
}

const EVENTS: readonly (keyof RebalancerEvents)[] = [
  'surveyed',
  'decided',
  'signed',
  'scheduled',
  'waiting',
  'routed',
  'delegated',
  'replanned',
  'execution',
  'reported',
];

/**
 * A rebalancer that lets instruments compete with spot for each hedge, by what it costs to hold it. Whatever cannot be
 * asked or refuses is out of the competition and stands in nobody's way: then spot is traded as ever.
 *
 * @throws {PortfolioInvalidError} as `createRebalancer`
 *
 * @example
 * ```ts
 * const rebalancer = createHedgingRebalancer(portfolio, ports, {
 *   adapters: [perp],
 *   contenders: () => [{ adapter: perp, chainId: 10, instrument: 'vETH', belief: { halfLifeDays: 2 } }],
 *   terms: { days: 7, capitalRate: 0.04 },
 * })
 * const { instrument } = await rebalancer.rebalance()
 * ```
 */
export function createHedgingRebalancer(
  portfolio: Portfolio,
  given: RebalancerPorts,
  instruments: HedgeInstruments,
): InstrumentRebalancer {
  const memory = given.memory ?? lookMemory();
  const ports: RebalancerPorts = { ...given, memory };
  const hub = eventHub(ports.logger);
  const spot = createRebalancer(portfolio, ports);
  // What a crash has left may be of an instrument: execution has to know where its calls may go. No route is planned
  // through these, and no intent for spot admits them.
  const settlements = instruments.settlements ?? [];
  const executors = [...instruments.adapters, ...(instruments.margin?.venues ?? []), ...settlements];
  const venues = [...ports.venues, ...executors.map(executorOf)];
  const resumer = createRebalancer(portfolio, { ...ports, venues });
  let isWeighing = false;
  for (const each of [spot, resumer]) {
    for (const event of EVENTS) {
      each.on(event, (...args: unknown[]) => {
        if (!isWeighing) hub.emit(event, ...(args as Parameters<RebalancerEvents[typeof event]>));
      });
    }
  }
  hub.on('execution', ({ type }) => {
    const earlier = memory.recall();
    if (type === 'step-done' && earlier !== undefined) memory.keep({ ...earlier, hasTraded: true });
  });
  const context: Context = { portfolio, ports: { ...ports, venues }, hub, look: (signal) => spot.survey(signal) };

  let isBusy = false;
  const exclusively = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isBusy) throw new RebalancerBusyError(portfolio.name);
    isBusy = true;
    try {
      return await work();
    } finally {
      isBusy = false;
    }
  };

  /** What is only looked at is not told as if it were decided. */
  const quietly = async <T>(work: () => Promise<T>): Promise<T> => {
    isWeighing = true;
    try {
      return await work();
    } finally {
      isWeighing = false;
    }
  };

  /** What competition makes of it, and what the rebalancer saw; where that fails, it is for the rebalancer to say why. */
  const weigh = async (options: RebalanceOptions): Promise<Weighed> => {
    const { deltaChangeUnits, signal = new AbortController().signal } = options;
    const asked = deltaChangeUnits === undefined ? {} : { deltaChangeUnits };
    if (instruments.adapters.length === 0) return SPOT;
    try {
      return await quietly(async () => {
        const seen = await spot.decide({ ...asked, signal });
        const parts = { portfolio, ports, instruments, spot: seen };
        return considerInstruments({ ...parts, requested: deltaChangeUnits, signal });
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EvenkeelError)) throw error;
      ports.logger?.log('warn', `Instruments were not weighed: ${error.message}`, { code: error.code });
      return SPOT;
    }
  };

  const carryOut = async (weighed: Weighed, options: RebalanceOptions): Promise<HedgingResult> => {
    switch (weighed.kind) {
      case 'spot':
        return spot.rebalance(options);
      case 'hold':
        return holdOn(context, weighed.considered, options);
      case 'split':
        return tradeParts(weighed, options);
      case 'instrument':
        return tradeInstrument(context, instruments.adapters, weighed.considered, options);
    }
  };

  /** A price that is disputed trades nothing, and keeps nobody from bringing margin. */
  const lookForMargin = (signal: AbortSignal): Promise<MarketSeen> =>
    quietly(async () => {
      try {
        return await spot.decide({ signal });
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof EvenkeelError)) throw error;
        return { before: await spot.survey(signal) };
      }
    });

  const tradeOrder = async (
    order: InstrumentOrder,
    options: Omit<RebalanceOptions, 'deltaChangeUnits'>,
  ): Promise<HedgingResult> => {
    if (order.adapter === ROUTED_SPOT) return spot.rebalance({ ...options, deltaChangeUnits: order.units });
    const signal = options.signal ?? new AbortController().signal;
    const considered = await quietly(async () => {
      const seen = await spot.decide({ deltaChangeUnits: order.units, signal });
      return decideOrder({ portfolio, ports, instruments, spot: seen, signal }, order);
    });
    return tradeInstrument(context, instruments.adapters, considered, options);
  };

  /** For risk is what decides on what a part leaves when the next one fails. */
  const partsOf = (options: RebalanceOptions, signal: AbortSignal): MoveParts => ({
    trade: (order, until) => tradeOrder(order, { ...options, signal: until }),
    goals: { delta: { target: Number(portfolio.policy.targetDeltaUnits), weight: 1 } },
    exposure: async () => (await spot.survey(signal)).exposure,
  });

  /** Limits see the whole of it, once; then each part is a trade of its own. */
  const tradeParts = async (
    { considered, split }: Extract<Weighed, { kind: 'split' }>,
    { permit, ...options }: RebalanceOptions,
  ): Promise<HedgingResult> => {
    const { dryRun = false, signal = new AbortController().signal } = options;
    const orders = ordersOf(split);
    const what = orders.map(({ adapter, chainId, units }) => `${units} by ${adapter} on ${chainId}`).join(', ');
    await ports.journal.appendDecision({
      atMs: ports.clock.now(),
      code: 'HEDGE_SPLIT',
      sentence: `In parts it costs ${split.saving.toFixed(2)} less to hold than by the cheapest alone: ${what}.`,
      simulated: dryRun,
      details: { saving: split.saving, parts: orders.map((order) => ({ ...order })) },
    });
    await permit?.(considered.decision, considered.before);
    const traded = await tradeSplit(orders, partsOf(options, signal), { dryRun, signal });
    return joined(considered, traded);
  };

  const moveOrders = (
    orders: HedgeMoveOrders,
    options: Pick<RebalanceOptions, 'permit' | 'signal'>,
  ): Promise<HedgeMoved> => {
    const signal = options.signal ?? new AbortController().signal;
    return moveHedge(orders, partsOf(options, signal), signal);
  };

  return Object.freeze({
    on: hub.on,
    off: hub.off,
    survey: (signal) => spot.survey(signal),
    decide: async (options = {}) => {
      const weighed = await weigh(options);
      if (weighed.kind === 'spot') return spot.decide(options);
      const { before, curves, decision } = weighed.considered;
      hub.emit('surveyed', before);
      hub.emit('decided', decision);
      return Object.freeze({ before, curves, decision });
    },
    rebalance: (options = {}) =>
      exclusively(async (): Promise<HedgingResult> => {
        const weighed = await weigh(options);
        const result = await carryOut(weighed, options);
        return weighed.choices.length === 0 ? result : Object.freeze({ ...result, choices: weighed.choices });
      }),
    keepMargin: (options = {}) =>
      exclusively(async () => {
        const { margin, terms } = instruments;
        if (margin === undefined || terms.marginLimits === undefined) return [];
        const limits = terms.marginLimits;
        const parts = { context, instruments, keeping: margin, limits, look: lookForMargin, trade: tradeOrder };
        return keepMargins(parts, options);
      }),
    trade: (order, options = {}) => exclusively(() => tradeOrder(order, options)),
    settle: (options = {}) =>
      exclusively(() => settleAll(context, settlements, (signal) => spot.survey(signal), options)),
    reconsider: (adapter, options = {}) =>
      exclusively(async () => {
        const { dryRun = false, signal = new AbortController().signal } = options;
        const seen = await quietly(() => spot.decide({ signal }));
        const place = await betterPlace({ instruments, portfolio, spot: seen }, adapter, signal);
        if (place === undefined) return undefined;
        const { open } = place.orders;
        const details = { ...open, from: adapter, saving: place.saving };
        const atMs = ports.clock.now();
        const told = { atMs, code: 'HEDGE_MOVES', sentence: place.sentence, simulated: dryRun, details };
        await ports.journal.appendDecision(told);
        return dryRun ? place : Object.freeze({ ...place, moved: await moveOrders(place.orders, options) });
      }),
    move: (orders, options = {}) => exclusively(() => moveOrders(orders, options)),
    resume: (signal) => exclusively(() => resumer.resume(signal)),
    track: (signal) => exclusively(() => resumer.track(signal)),
    cancel: async () => {
      await spot.cancel();
      await resumer.cancel();
    },
  } satisfies InstrumentRebalancer);
}
