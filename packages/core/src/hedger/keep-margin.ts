import { EvenkeelError } from '@evenkeel/intents';
import type { CurePart } from '../margin/cure-source.js';
import { MarginUnreachableError } from '../margin/errors.js';
import type { MarginLimits } from '../margin/limits.js';
import { marginState } from '../margin/margin-account.js';
import type { MarginReading, MarginVenue } from '../margin/margin-venue.js';
import { isMarginNear } from '../margin/near.js';
import type { Context } from '../rebalancer/context.js';
import { carryOutPart, type CarryOutInput, type CureAt, type PartDone } from './carry-out-cure.js';
import type { HedgeInstruments } from './instruments.js';
import type { KeepMarginOptions, MarginKeeping, MarginKept, MarginProposal } from './margin-keeping.js';
import { type CureWay, gasCostOf, type MarketSeen, planWays, type WaysPlanned } from './margin-ways.js';
import { type PlannedCure, recordKept, recordPlan, spokenPart, spokenState } from './margin-words.js';

/** What keeping margins needs of the loop around it. */
export interface MarginParts {
  readonly context: Context;
  readonly instruments: HedgeInstruments;
  readonly keeping: MarginKeeping;
  readonly limits: MarginLimits;
  readonly look: (signal: AbortSignal) => Promise<MarketSeen>;
  readonly trade: CarryOutInput['trade'];
}

const LOOK_AHEAD_SECONDS = 1_800;

/**
 * Looks at every margin, and brings those that are too near to liquidation back by what is cheapest, begun early enough:
 * money of the wallet, money over a bridge, a smaller position, or several of them where none alone is enough. Where a way
 * fails the next cheapest is taken. What was planned, over what, and how it ended stands in the decision log.
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
    all.push(...(await keepOne({ ...parts, venue, annualVolatility, options, signal }, reading)));
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

/** Until the account is cured, or no way is left. Nothing where nothing is due. */
async function keepOne(input: OneInput, first: MarginReading): Promise<readonly MarginKept[]> {
  const { context, options, signal, venue } = input;
  const { dryRun = false } = options;
  const base = { venue: venue.id, chainId: venue.chainId, before: marginState(first.account) };
  const failed = new Set<string>();
  const all: MarginKept[] = [];
  const tell = async (kept: MarginKept): Promise<void> => {
    all.push(Object.freeze(kept));
    await recordKept(context, kept, dryRun);
    options.onKept?.(kept);
  };
  let reading = first;
  for (;;) {
    const seen = await input.look(signal);
    const planned = await planOrWhyNot(input, reading, seen, failed);
    if ('sentence' in planned) {
      const end = { code: 'MARGIN_UNREACHABLE', outcome: 'unreachable', rejected: [] } as const;
      await tell({ ...base, ...end, sentence: planned.sentence });
      return all;
    }
    const { plan, ways } = planned;
    if (plan.status === 'fine') return all;
    const steps = plan.cure.parts.map((part) => {
      const how = ways.get(part.id)!;
      return { part, how, proposal: proposalOf(venue, reading, part, how, seen), spoken: spokenPart(part, how) };
    });
    const state = marginState(reading.account);
    const said: PlannedCure = {
      plan,
      state,
      spoken: steps.map(({ spoken }) => spoken),
      proposals: steps.map(({ proposal }) => proposal),
    };
    await recordPlan(context, venue, said, dryRun);
    for (const [index, { how, part, proposal, spoken }] of steps.entries()) {
      await options.permit?.(proposal);
      // What a part before it has changed is looked at anew; a simulation changes nothing.
      const now = index === 0 || dryRun ? { reading, before: seen.before } : await lookAgain(input, reading);
      const at: CureAt = { part, how: asRead(how, now.reading), ...now };
      const done = await carryOutPart({ context, venue, trade: input.trade, dryRun, signal }, at);
      const about = { ...base, proposal, rejected: plan.rejected, ...resultOf(done) };
      if (!done.isDone) {
        failed.add(part.id);
        const sentence = `${spoken} for the margin at ${venue.name} failed: ${done.why}`;
        await tell({ ...about, outcome: 'failed', code: 'MARGIN_CURE_FAILED', sentence });
        break;
      }
      const isLast = index === steps.length - 1;
      const after = dryRun ? undefined : marginState((await venue.read(context.portfolio.owner, signal)).account);
      const end = after === undefined ? '' : ` It is ${spokenState(after)} now.`;
      await tell({
        ...about,
        outcome: dryRun ? 'simulated' : isLast ? 'cured' : 'part',
        code: isLast ? 'MARGIN_CURED' : 'MARGIN_CURE_PART',
        sentence: isLast
          ? `The margin at ${venue.name}, ${spokenState(base.before)}, ${dryRun ? 'would be' : 'was'} cured by ${said.spoken.join(' and ')}.${end}`
          : `${spoken} is the first of what the margin at ${venue.name} needs.${end}`,
        ...(after === undefined ? {} : { after }),
      });
      if (isLast) return all;
    }
    reading = (await readVenue(context, venue, signal)) ?? reading;
  }
}

async function planOrWhyNot(
  input: OneInput,
  reading: MarginReading,
  seen: MarketSeen,
  failed: ReadonlySet<string>,
): Promise<WaysPlanned | { readonly sentence: string }> {
  try {
    return await planWays(input, reading, seen, failed);
  } catch (error) {
    if (!(error instanceof MarginUnreachableError)) throw error;
    const tried = failed.size === 0 ? '' : ` ${[...failed].join(', ')} failed.`;
    const state = spokenState(marginState(reading.account));
    return {
      sentence: `The margin at ${input.venue.name} is beyond its limits (${state}) and nothing that may be done helps.${tried}`,
    };
  }
}

async function lookAgain(
  { context, look, signal, venue }: OneInput,
  earlier: MarginReading,
): Promise<Pick<CureAt, 'before' | 'reading'>> {
  const { before } = await look(signal);
  return { before, reading: (await readVenue(context, venue, signal)) ?? earlier };
}

/** What the wallet has and the account takes may be less than when it was planned. */
function asRead(how: CureWay, { payments }: MarginReading): CureWay {
  return how.way === 'reduce' ? how : { ...how, reading: payments[how.payment.id] ?? how.reading };
}

const resultOf = ({ intentId, reconciliation, trade }: PartDone): Omit<PartDone, 'isDone' | 'why'> => ({
  ...(intentId === undefined ? {} : { intentId }),
  ...(reconciliation === undefined ? {} : { reconciliation }),
  ...(trade === undefined ? {} : { trade }),
});

function proposalOf(
  { chainId, id, payments }: MarginVenue,
  { position }: MarginReading,
  { amount, cost }: CurePart,
  how: CureWay,
  seen: MarketSeen,
): MarginProposal {
  const { gasUnits } = how.way === 'reduce' ? payments[0]! : how.payment;
  const notional =
    how.way === 'reduce' ? amount * Math.abs(position?.heldUnits ?? 0) * Number(seen.before.reference.price) : 0;
  const gasCost = gasCostOf(seen)(chainId, gasUnits);
  return Object.freeze({ venue: id, chainId, way: how.way, notional, cost: Math.max(0, cost), gasCost });
}
