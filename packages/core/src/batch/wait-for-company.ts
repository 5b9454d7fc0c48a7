import { curvature, deltaVolatility, type HalfBand, type Market } from '../policy/market.js';
import { clearBatch, type BatchInput } from './clear-batch.js';
import { BatchInputInvalidError } from './errors.js';
import type { BatchOrder } from './order.js';

/** One whose delta stays open while it waits, as its policy sees it. */
export interface Waiting {
  readonly orderId: string;
  readonly market: Market;
  /** The half of the policy's band on the side where the delta is: where a trade is due, and where it ends. */
  readonly band: HalfBand;
  /** Distance of the delta from its target, units; either sign. */
  readonly deviationUnits: number;
}

/** What those who are here now would save by waiting so long: one number for each drawn future, numeraire. */
export interface Prospect {
  readonly waitSeconds: number;
  readonly savings: readonly number[];
}

export interface CompanyInput {
  readonly waiting: readonly Waiting[];
  /** What they save together when the batch is settled now, numeraire. */
  readonly savingNow: number;
  readonly prospects: readonly Prospect[];
  /** Nobody may be kept longer: until the first deadline, or the next look at the books. */
  readonly mostSeconds: number;
}

/** One length of waiting, weighed. Numeraire. */
export interface WeighedWait {
  readonly waitSeconds: number;
  readonly expectedSaving: number;
  /** What the open deltas cost meanwhile. */
  readonly priceOfWaiting: number;
  /** Saving less price, beyond settling now. */
  readonly gain: number;
}

export type WaitCode = 'COMPANY_PAYS' | 'RISK_TOO_DEAR' | 'NO_COMPANY' | 'NO_TIME';

export interface WaitDecision {
  readonly decision: 'settle' | 'wait';
  /** 0 when the batch is settled now. */
  readonly waitSeconds: number;
  readonly code: WaitCode;
  readonly sentence: string;
  readonly weighed: readonly WeighedWait[];
}

const SECONDS_PER_YEAR = 365 * 86_400;

/**
 * What it costs to leave a deviation y open for T instead of trading now: the policy's local problem
 *
 *   ½ν²V″ + (γ/2)e^{rτ}σ²S²y² = c,  V′(y) = a·y − b·y³,  a = b(H² + Hh + h²)
 *
 * is solved inside its band, where waiting is free; beyond it the left side exceeds c = ½ν²a, and the excess, along the
 * delta's own drift, is the price of waiting: (γ/2)e^{rτ}σ²S²·[(y² − (H² + Hh + h²)/3)·T + ½ν²T²], or nothing.
 *
 * Source: Whalley and Wilmott (1997), the inner expansion, with the band that the policy trades by.
 *
 * @returns numeraire
 */
export function priceOfWaiting({ band, deviationUnits, market }: Waiting, waitSeconds: number): number {
  const { inner, outer } = band;
  const { annualRate, annualVolatility, riskAversion, spot, years } = market;
  const waitYears = waitSeconds / SECONDS_PER_YEAR;
  const aversion = (riskAversion / 2) * Math.exp(annualRate * years) * (annualVolatility * spot) ** 2;
  const free = Number.isFinite(curvature(market)) ? (outer * outer + outer * inner + inner * inner) / 3 : inner * inner;
  const drift = (deltaVolatility(market) * waitYears) ** 2 / 2;
  return Math.max(0, aversion * ((deviationUnits ** 2 - free) * waitYears + drift));
}

/**
 * Whether to settle now or to wait for company, and how long: waiting pays where what the others are expected to bring
 * exceeds what the open deltas cost meanwhile by the policies' own value of them. Settling now wins ties.
 *
 * @throws {BatchInputInvalidError} for a wait that is not above zero, or a prospect without a drawn future
 * @example
 * ```ts
 * const { decision, waitSeconds, sentence } = waitForCompany({ waiting, savingNow: 3.1, prospects, mostSeconds: 120 });
 * ```
 */
export function waitForCompany({ mostSeconds, prospects, savingNow, waiting }: CompanyInput): WaitDecision {
  const timely = prospects.filter(({ waitSeconds }) => waitSeconds <= mostSeconds);
  const weighed = timely.map(({ savings, waitSeconds }): WeighedWait => {
    if (!(waitSeconds > 0) || savings.length === 0) {
      const hint = 'Give waits above zero, each with one saving or more.';
      throw new BatchInputInvalidError('prospects', waitSeconds, 'has a wait that cannot be weighed', hint);
    }
    const expectedSaving = savings.reduce((sum, saving) => sum + saving, 0) / savings.length;
    const price = waiting.reduce((sum, each) => sum + priceOfWaiting(each, waitSeconds), 0);
    const gain = expectedSaving - price - savingNow;
    return Object.freeze({ waitSeconds, expectedSaving, priceOfWaiting: price, gain });
  });
  const best = weighed.reduce<WeighedWait | undefined>(
    (found, each) => (each.gain > (found?.gain ?? Number.NEGATIVE_INFINITY) ? each : found),
    undefined,
  );
  const isWorth = best !== undefined && best.gain > 0;
  return Object.freeze({
    decision: isWorth ? 'wait' : 'settle',
    waitSeconds: isWorth ? best.waitSeconds : 0,
    ...reasonOf(best, savingNow, mostSeconds),
    weighed: Object.freeze(weighed),
  });
}

function reasonOf(
  best: WeighedWait | undefined,
  savingNow: number,
  mostSeconds: number,
): Pick<WaitDecision, 'code' | 'sentence'> {
  const money = (amount: number): string => amount.toFixed(4);
  if (best === undefined) {
    return { code: 'NO_TIME', sentence: `Nobody may be kept waiting for the ${mostSeconds} s that are left.` };
  }
  const { expectedSaving, gain, priceOfWaiting: price, waitSeconds } = best;
  const more = expectedSaving - savingNow;
  const weighed = `${waitSeconds} s of waiting are expected to save ${money(more)} more and cost ${money(price)} of risk`;
  if (gain > 0) return { code: 'COMPANY_PAYS', sentence: `${weighed}.` };
  if (more <= 0) return { code: 'NO_COMPANY', sentence: `${weighed}: nobody is expected who would help.` };
  return { code: 'RISK_TOO_DEAR', sentence: `${weighed}: the open deltas are dearer than the company.` };
}

/**
 * What waiting so long would save those who are here now, for each drawn set of others who would have come by then: the
 * auction itself is played with them.
 *
 * @param futures orders of the others, one list a future
 */
export function prospectOf(
  input: BatchInput,
  waitSeconds: number,
  futures: readonly (readonly BatchOrder[])[],
): Prospect {
  const here = new Set(input.orders.map(({ id }) => id));
  const nowSeconds = input.nowSeconds + waitSeconds;
  const savings = futures.map((others) => {
    const { markets } = clearBatch({ ...input, nowSeconds, orders: [...input.orders, ...others] });
    return savingOf(markets.flatMap(({ fills }) => fills).filter(({ order }) => here.has(order.id)));
  });
  return Object.freeze({ waitSeconds, savings: Object.freeze(savings) });
}

/** What fills save against each alone, numeraire: of a whole clearing, `savingNow`. */
export function savingOf(fills: readonly { readonly cost: number; readonly costAlone: number }[]): number {
  return fills.reduce((sum, { cost, costAlone }) => sum + costAlone - cost, 0);
}
