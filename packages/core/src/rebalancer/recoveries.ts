import { InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import { midPrice } from '../model/curves/mid-price.js';
import type { Pool } from '../model/curve.js';
import type { HedgeRoute } from '../route/hedge.js';
import type { Journal } from '../ports/journal.js';
import { estimateResilience, type Recovery } from '../schedule/resilience.js';
import type { Context } from './context.js';
import type { Portfolio } from './portfolio.js';
import type { Survey } from './survey.js';

/** The looks around a slice: before it, right after it, and when the next one is due. */
export interface SliceLooks {
  readonly route: HedgeRoute;
  readonly before: Survey;
  readonly after: Survey;
  readonly later: Survey;
}

/** How long the pools take to come back, as it was seen. */
export interface MeasuredRecovery {
  /** 95 % is back by then. */
  readonly seconds: number;
  readonly sentence: string;
}

const SEEN = 'RECOVERY_SEEN';
const SECONDS_PER_YEAR = 365 * 86_400;
/** Pools and their arbitrageurs change: so many of the latest recoveries count. */
const LATEST = 100;
const FEWEST = 4;
/** A measurement whose standard error is more than this share of it is none. */
const MOST_DOUBT = 0.5;
/** 1/20 is still missing then. */
const BACK = 20;

/**
 * Writes down how far the pools of a slice have come back by the next one. A displacement that the market's own move would
 * drown, of one standard deviation over the time between, tells nothing and is left out.
 */
export async function recordRecoveries({ portfolio, ports }: Context, looks: SliceLooks): Promise<void> {
  const { after, before, later } = looks;
  const elapsedSeconds = later.atSeconds - after.atSeconds;
  if (elapsedSeconds <= 0) return;
  const noise = before.annualVolatility * Math.sqrt(elapsedSeconds / SECONDS_PER_YEAR);
  for (const pool of tradedPools(looks.route)) {
    const [start, moved, now] = [before, after, later].map(({ pools }) => logPrice(pools, pool));
    if (start === undefined || moved === undefined || now === undefined) continue;
    const initial = moved - start;
    if (!(Math.abs(initial) > noise)) continue;
    await ports.journal.appendDecision({
      atMs: ports.clock.now(),
      code: SEEN,
      sentence: `${(100 * (1 - (now - start) / initial)).toFixed(0)} % of what a slice moved came back in ${elapsedSeconds} s.`,
      simulated: false,
      details: { underlying: portfolio.underlying, pool, elapsedSeconds, initial, remaining: now - start },
    });
  }
}

const detailsSchema = v.object({
  underlying: v.string(),
  elapsedSeconds: v.pipe(v.number(), v.gtValue(0)),
  initial: v.pipe(v.number(), v.finite(), v.notValue(0)),
  remaining: v.pipe(v.number(), v.finite()),
});

/** From the recoveries that the journal holds; undefined while they are too few or disagree too much. */
export async function measuredRecovery(
  journal: Journal,
  { underlying }: Pick<Portfolio, 'underlying'>,
): Promise<MeasuredRecovery | undefined> {
  const recoveries = (await journal.decisions({ code: SEEN })).flatMap(({ details }): Recovery[] => {
    const parsed = v.safeParse(detailsSchema, details);
    return parsed.success && parsed.output.underlying === underlying ? [parsed.output] : [];
  });
  if (recoveries.length < FEWEST) return undefined;
  const { observations, perSecond, standardError } = estimateResilience(recoveries.slice(-LATEST));
  if (!(standardError <= MOST_DOUBT * perSecond)) return undefined;
  const seconds = Math.max(1, Math.ceil(Math.log(BACK) / perSecond));
  const doubt = ((100 * standardError) / perSecond).toFixed(0);
  const sentence = `Pools were back in ${seconds} s in ${observations} recoveries (within ${doubt} %).`;
  return Object.freeze({ seconds, sentence });
}

function tradedPools({ hops }: HedgeRoute): ReadonlySet<string> {
  return new Set(hops.flatMap((hop) => (hop.kind === 'swap' ? [hop.pool.id] : [])));
}

/** Undefined where a look has not seen the pool, or it had no price. */
function logPrice(pools: readonly Pool[], id: string): number | undefined {
  const pool = pools.find((each) => each.id === id);
  if (pool === undefined || pool.curve.kind === 'ladder' || pool.curve.kind === 'levels') return undefined;
  try {
    return Math.log(Number(midPrice(pool.curve, [pool.tokens[0].decimals, pool.tokens[1].decimals])));
  } catch (error) {
    if (error instanceof InvalidInputError) return undefined;
    throw error;
  }
}
