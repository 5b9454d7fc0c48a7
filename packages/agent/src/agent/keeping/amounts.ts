import { Decimal, type TokenAmount } from '@evenkeel/core';
import type { HedgingResult } from '@evenkeel/core/hedger';
import { hedgeUnits, type Portfolio, type SliceResult, type Survey } from '@evenkeel/core/rebalancer';
import type { TradeDecision } from '@evenkeel/core';
import type { Amounts } from '../limits/limits.js';
import { isExit } from '../limits/stops.js';

/** What a trade may use, before it is signed. */
export function expectedAmounts(trade: TradeDecision, survey: Survey): Amounts & { readonly isExit: boolean } {
  const change = Number(trade.deltaChangeUnits);
  const gasUsd = trade.inputs.fixedCost[change < 0 ? 'sell' : 'buy'];
  const lossUsd = Math.max(0, trade.expectedCost);
  return {
    isExit: isExit(hedgeUnits(survey.exposure), change),
    notionalUsd: Math.abs(change) * Number(survey.reference.price),
    gasUsd,
    lossUsd,
    slippageUsd: Math.max(0, lossUsd - gasUsd),
  };
}

/** What a trade has used, by its report; undefined where the report does not say. */
export function usedAmounts(portfolio: Portfolio, result: HedgingResult): Amounts | undefined {
  const { before, instrument, parts, report, slices } = result;
  if (parts !== undefined) return sumOf(parts.map((part) => usedAmounts(portfolio, part)));
  const { quoteTokens } = portfolio;
  const { costs } = report;
  if (costs === null) return undefined;
  const { delay, gas, impact, spread } = costs.byKind;
  const notional = quoteTokens.reduce((sum, token) => {
    const own = slices
      .flatMap(({ execution }) => execution.flows)
      .filter(
        (flow) =>
          flow.kind === 'swap' &&
          flow.chainId === token.chainId &&
          flow.token.toLowerCase() === token.address.toLowerCase(),
      );
    return own.reduce(
      (total, { atoms }) => total.plus(new Decimal(atoms.toString()).abs().shiftedBy(-token.decimals)),
      sum,
    );
  }, new Decimal(0));
  // Of a position no token need move.
  const traded = instrument === undefined ? 0 : Math.abs(Number(instrument.choice.chosen.quote.units));
  return {
    notionalUsd: notional.toNumber() + traded * Number(before.reference.price),
    gasUsd: Math.max(0, Number(gas)),
    lossUsd: Math.max(0, Number(costs.total)),
    slippageUsd: Number(spread) + Number(impact) + Number(delay),
  };
}

function sumOf(all: readonly (Amounts | undefined)[]): Amounts | undefined {
  const known = all.filter((each) => each !== undefined);
  if (known.length < all.length) return undefined;
  const sum = (of: (each: Amounts) => number): number => known.reduce((total, each) => total + of(each), 0);
  return {
    notionalUsd: sum(({ notionalUsd }) => notionalUsd),
    gasUsd: sum(({ gasUsd }) => gasUsd),
    lossUsd: sum(({ lossUsd }) => lossUsd),
    slippageUsd: sum(({ slippageUsd }) => slippageUsd),
  };
}

/** What simulated slices would have changed on an account: what the guard saw, and what bridges have quoted. */
export function paperChanges(account: string, slices: readonly SliceResult[]): readonly TokenAmount[] {
  return slices.flatMap(({ execution, programme }) => [
    ...execution.guard.flatMap(({ steps }) =>
      steps
        .flatMap(({ changes }) => changes)
        .filter(({ holder }) => holder.toLowerCase() === account.toLowerCase())
        .map(({ atoms, token }) => ({ token, atoms })),
    ),
    ...programme.steps.flatMap((step) => (step.kind === 'await-transfer' ? [step.quote.output] : [])),
  ]);
}
