import type { PortfolioLimits } from '../config/schema.js';

/** What a trade has used, or may use: reserved before it is signed, settled when its report is there. Numeraire. */
export interface Use {
  readonly portfolio: string;
  readonly atMs: number;
  readonly notionalUsd: number;
  readonly gasUsd: number;
  /** All that the trade cost against the reference price of its decision. */
  readonly lossUsd: number;
  /** Spread, impact and delay alone. */
  readonly slippageUsd: number;
}

export type Amounts = Omit<Use, 'portfolio' | 'atMs'>;

export type LimitKind = 'notional' | 'gas' | 'loss' | 'slippage' | 'open-intents';

export const DAY_MS = 86_400_000;
/** From this share of a limit on, people are told. */
export const NEAR = 0.8;

/** One limit and how much of it is used. Numeraire; basis points for slippage; a number for intents. */
export interface LimitLevel {
  readonly kind: LimitKind;
  readonly used: number;
  readonly most: number;
  readonly level: 'free' | 'near' | 'reached';
}

/** What was used in the 24 hours up to now. What carries a later time, after a clock was set back, counts as well. */
export function usedIn(uses: readonly Use[], nowMs: number): Amounts {
  const recent = uses.filter(({ atMs }) => atMs > nowMs - DAY_MS);
  const sum = (of: (use: Use) => number): number => recent.reduce((total, use) => total + of(use), 0);
  return {
    notionalUsd: sum(({ notionalUsd }) => notionalUsd),
    gasUsd: sum(({ gasUsd }) => gasUsd),
    lossUsd: sum(({ lossUsd }) => lossUsd),
    slippageUsd: sum(({ slippageUsd }) => slippageUsd),
  };
}

/** Every limit that is set, with what is used of it. */
export function levelsOf(limits: PortfolioLimits, used: Amounts): readonly LimitLevel[] {
  const { gasPerDayUsd, lossPerDayUsd, notionalPerDayUsd, slippageBps } = limits;
  return [
    ...level('notional', used.notionalUsd, notionalPerDayUsd),
    ...level('gas', used.gasUsd, gasPerDayUsd),
    ...level('loss', used.lossUsd, lossPerDayUsd),
    ...level('slippage', slippageBpsOf(used), slippageBps),
  ];
}

/** The level of one limit; none where it is not set. */
export function level(kind: LimitKind, used: number, most: number | undefined): readonly LimitLevel[] {
  if (most === undefined) return [];
  const reached = used >= most;
  return [Object.freeze({ kind, used, most, level: reached ? 'reached' : used >= NEAR * most ? 'near' : 'free' })];
}

/** Notional-weighted slippage of the day; nothing while nothing was traded. */
export function slippageBpsOf({ notionalUsd, slippageUsd }: Amounts): number {
  return notionalUsd > 0 ? Math.max(0, (slippageUsd / notionalUsd) * 10_000) : 0;
}

/**
 * The limit that a further trade would break; undefined when it breaks none. Notional, gas and loss count with what the
 * trade itself is going to use, slippage with what the day's trades have had: its own is not known before.
 */
export function brokenBy(limits: PortfolioLimits, used: Amounts, next: Amounts): LimitLevel | undefined {
  const after: Amounts = {
    notionalUsd: used.notionalUsd + next.notionalUsd,
    gasUsd: used.gasUsd + next.gasUsd,
    lossUsd: used.lossUsd + next.lossUsd,
    slippageUsd: used.slippageUsd,
  };
  const sums = levelsOf(limits, { ...after, slippageUsd: 0 }).filter(({ kind }) => kind !== 'slippage');
  const slippage = levelsOf(limits, used).filter(({ kind }) => kind === 'slippage');
  return sums.find(({ most, used: needed }) => needed > most) ?? slippage.find(({ most, used: had }) => had > most);
}

/** Where a level has risen between two looks, for alerts: each rise once. */
export function risen(before: readonly LimitLevel[], after: readonly LimitLevel[]): readonly LimitLevel[] {
  const rank = { free: 0, near: 1, reached: 2 } as const;
  return after.filter((each) => {
    const was = before.find(({ kind }) => kind === each.kind);
    return rank[each.level] > (was === undefined ? 0 : rank[was.level]);
  });
}
