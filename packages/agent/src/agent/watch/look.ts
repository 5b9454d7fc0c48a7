import type { DecimalString, Exposure, InFlight, PositionReading } from '@evenkeel/core';
import type { PositionChange } from '@evenkeel/core/exposure';
import {
  heldAgainstLast,
  leastCurves,
  lookAtMarket,
  type MarketLook,
  reach,
  readPositions,
  readTrend,
  screen,
  standing,
} from '@evenkeel/core/watch';
import type { TrendAnswer } from '@evenkeel/core/rebalancer';
import { EvenkeelError } from '@evenkeel/intents';
import { outlookOf } from '../company/outlook.js';
import { type Keeper, type Standing, standingOf } from '../keeping/keeper.js';

/** A portfolio that a look was taken at, and what came of it. */
export interface Looked {
  readonly keeper: Keeper;
  readonly standing: Standing;
  /** Whether it may have to trade at what trading really costs it. */
  readonly mayTrade: boolean;
  /** What has become of positions by itself since the look before. */
  readonly changes: readonly PositionChange[];
  /** What waiting costs, numeraire: risk of the last unit times the units. Larger ones first. */
  readonly urgency: number;
}

export interface LookInput {
  readonly keepers: readonly Keeper[];
  /** Of these a trade is under way: they are looked at, and what was seen before is theirs to keep. */
  readonly busy: ReadonlySet<Keeper>;
  /** What was last taken for the price, by market. */
  readonly lastPrices: Map<string, DecimalString>;
  readonly inFlight: (keeper: Keeper) => readonly InFlight[];
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

/** So many are decided before others get a turn: nothing may wait for thousands. */
const TURN = 40;

/**
 * Where all of them stand, and whether any may have to trade. Every chain is read once for all, every market once for all
 * of its portfolios; a portfolio or a market that fails is undecided, and stops no other.
 */
export async function look(input: LookInput): Promise<readonly Looked[]> {
  const { keepers, signal } = input;
  const markets = groupBy(keepers, ({ market }) => market);
  // All in one turn of the event loop, so that the chains see few requests.
  const read = keepers.map((keeper) => readOne(keeper, signal));
  const looks = [...markets].map(async ([key, [first]]) => {
    const { portfolio, ports } = first!;
    try {
      return [key, await lookAtMarket(portfolio, ports, signal, input.lastPrices.get(key))] as const;
    } catch (error) {
      signal.throwIfAborted();
      return [key, error] as const;
    }
  });
  const seen = new Map(await Promise.all(looks));
  const readings = new Map(keepers.map((keeper, i) => [keeper, read[i]!] as const));
  const all: Looked[] = [];
  for (const [key, own] of markets) {
    const market = seen.get(key)!;
    if (!isLook(market)) {
      for (const keeper of own) all.push(failedLook(keeper, market, input.nowMs()));
      continue;
    }
    input.lastPrices.set(key, market.reference.price);
    all.push(...(await decideMarket(market, own, readings, input)));
  }
  return all;
}

function failedLook(keeper: Keeper, error: unknown, atMs: number): Looked {
  return { keeper, standing: undecided(error, atMs), mayTrade: false, changes: [], urgency: 0 };
}

interface Read {
  readonly readings: readonly PositionReading[];
  readonly annualVolatility: number;
  readonly trend: TrendAnswer | undefined;
}

async function readOne({ portfolio, ports }: Keeper, signal: AbortSignal): Promise<Read | { readonly error: unknown }> {
  try {
    const [readings, volatility, trend] = await Promise.all([
      readPositions(ports, portfolio, signal),
      ports.volatility.realised(portfolio.underlying, signal),
      readTrend(ports, portfolio.underlying, signal),
    ]);
    return { readings, annualVolatility: Number(volatility.value), trend };
  } catch (error) {
    return { error };
  }
}

interface Placed extends Read {
  readonly changes: readonly PositionChange[];
  readonly keeper: Keeper;
  readonly exposure: Exposure;
}

async function decideMarket(
  market: MarketLook,
  keepers: readonly Keeper[],
  readings: ReadonlyMap<Keeper, Promise<Read | { readonly error: unknown }>>,
  { busy, inFlight, nowMs, signal }: LookInput,
): Promise<readonly Looked[]> {
  const all: Looked[] = [];
  const placed: Placed[] = [];
  let largest = 0;
  for (const [index, keeper] of keepers.entries()) {
    if (index % TURN === TURN - 1) await nextTurn(signal);
    try {
      const read = await readings.get(keeper)!;
      if ('error' in read) throw read.error;
      const held = busy.has(keeper)
        ? { readings: read.readings, changes: [] }
        : heldAgainstLast(keeper, market, read.readings, keeper.ports.memory);
      const exposure = standing(keeper, market, held.readings, inFlight(keeper));
      largest = Math.max(largest, reach(keeper, exposure));
      placed.push({ ...read, ...held, keeper, exposure });
    } catch (error) {
      signal.throwIfAborted();
      all.push(failedLook(keeper, error, nowMs()));
    }
  }
  if (placed.length === 0) return all;
  const curves = leastCurves(placed[0]!.keeper.portfolio, market, largest);
  for (const [index, { keeper, ...book }] of placed.entries()) {
    if (index % TURN === TURN - 1) await nextTurn(signal);
    try {
      const { decision, mayTrade } = screen(keeper, market, curves, book);
      const { delta, spot } = book.exposure;
      keeper.now.outlook = outlookOf(book.exposure, decision, nowMs());
      const at = standingOf(decision, { atMs: nowMs(), delta, spot });
      const urgency = (decision.marginalRisk ?? 0) * Math.abs(Number(at.changeUnits ?? 0));
      all.push({ keeper, standing: at, mayTrade, changes: book.changes, urgency });
    } catch (error) {
      all.push({ ...failedLook(keeper, error, nowMs()), changes: book.changes });
    }
  }
  return all;
}

/** What cannot be decided is no decision to hold: it says why, and is told. */
export function undecided(error: unknown, atMs: number): Standing {
  const known = error instanceof EvenkeelError;
  return Object.freeze({
    atMs,
    action: 'undecided',
    code: known ? error.code : 'UNEXPECTED',
    sentence: known ? error.message : 'A look has failed in a way that nobody foresaw.',
    delta: null,
    band: null,
    spot: null,
    changeUnits: null,
    bandSource: null,
    bandReason: null,
    trendReason: null,
  });
}

function isLook(value: unknown): value is MarketLook {
  return typeof value === 'object' && value !== null && 'reference' in value && !(value instanceof Error);
}

async function nextTurn(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => void setImmediate(resolve));
  signal.throwIfAborted();
}

function groupBy<T>(all: readonly T[], keyOf: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of all) {
    const group = groups.get(keyOf(each));
    if (group === undefined) groups.set(keyOf(each), [each]);
    else group.push(each);
  }
  return groups;
}
