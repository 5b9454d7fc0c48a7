import { fromAtoms, type TradeQuote } from '@evenkeel/core';
import { type LendingMargin, lendingMargin, type MarginStep } from '@evenkeel/core/margin';
import { parsePayload } from '../common/schemas.js';
import type { AaveMarginMarket, AaveMarginReading } from './margin.js';
import { shortPayload } from './short-payload.js';

/**
 * An account as each step of a short, or of its way back, leaves it: supplied, borrowed, repaid, withdrawn.
 *
 * @param quote of `aaveShort`
 * @throws INVALID_INPUT for a quote of another adapter
 * @example
 * ```ts
 * requireMargin(aaveMarginAfter(market, await read(owner, signal), quote), limits)
 * ```
 */
export function aaveMarginAfter(
  { numeraire, underlying }: Pick<AaveMarginMarket, 'numeraire' | 'underlying'>,
  { margin, threshold }: AaveMarginReading,
  quote: Pick<TradeQuote, 'adapter' | 'payload'>,
): readonly MarginStep[] {
  const { borrow, repay, supply, withdraw } = parsePayload(shortPayload, quote.payload, quote.adapter);
  const dollars = (atoms: bigint): number => Number(fromAtoms(numeraire, atoms));
  const units = (atoms: bigint): number => Number(fromAtoms(underlying, atoms));
  const steps: readonly (readonly [step: string, atoms: bigint, after: (now: LendingMargin) => LendingMargin])[] = [
    ['supply', supply, (now) => supplied(now, dollars(supply), threshold)],
    ['borrow', borrow, (now) => owing(now, now.debt.units + units(borrow))],
    // More is bought than is owed where all of it is repaid.
    ['repay', repay, (now) => owing(now, Math.max(0, now.debt.units - units(repay)))],
    ['withdraw', withdraw, (now) => supplied(now, -dollars(withdraw), threshold)],
  ];
  let now = margin;
  const all: MarginStep[] = [{ step: 'now', account: lendingMargin(now) }];
  for (const [step, atoms, after] of steps) {
    if (atoms === 0n) continue;
    now = after(now);
    all.push({ step, account: lendingMargin(now) });
  }
  return Object.freeze(all);
}

function supplied(now: LendingMargin, dollars: number, threshold: number): LendingMargin {
  const { collateral, weighted } = now;
  return {
    ...now,
    collateral: { ...collateral, dollars: collateral.dollars + dollars },
    weighted: { ...weighted, dollars: weighted.dollars + dollars * threshold },
  };
}

const owing = (now: LendingMargin, units: number): LendingMargin => ({ ...now, debt: { ...now.debt, units } });
