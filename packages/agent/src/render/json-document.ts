import { midpoint } from '@evenkeel/core';
import type { CompareRow } from '@evenkeel/core/solicit';
import type { CostAttribution } from '@evenkeel/core/report';
import type { HoldingComparison } from '@evenkeel/core/holding';
import type { HedgingResult, InstrumentTrade } from '@evenkeel/core/hedger';
import type { SliceResult } from '@evenkeel/core/rebalancer';
import { intentToJson } from '@evenkeel/intents';
import type { VolatilityStatement } from '../volatility/stated-volatility.js';

/** What `--json` prints: everything a machine needs, decimals and atoms as strings. Every key is always there. */
export function jsonDocument(
  result: HedgingResult,
  quotes: readonly CompareRow[],
  volatility: VolatilityStatement,
  margins: readonly Record<string, unknown>[],
  durationMs: number,
): Record<string, unknown> {
  const { before, decision, report, schedule, signed, slices } = result;
  const { costs, delta, efficiency, outcome, reason, reconciliation, shortfall } = report;
  return {
    outcome,
    reason,
    simulated: outcome === 'dry-run',
    decision: {
      action: decision.action,
      code: decision.reason,
      sentence: decision.sentence,
      bandSource: decision.bandSource ?? null,
      bandReason: decision.bandReason ?? null,
      trend: decision.inputs.trend ?? null,
      trendReason: decision.trendReason ?? null,
      bandCode: decision.bandCode ?? null,
    },
    volatility,
    margins,
    delta: {
      before: midpoint(delta.before),
      target: delta.target,
      after: midpoint(delta.after),
      bandLow: delta.bandLow,
      bandHigh: delta.bandHigh,
      beforeInterval: delta.before,
      afterInterval: delta.after,
    },
    exposure: before.exposure.positions.map(({ asOf, delta: each, greeks, id, label }) => ({
      id,
      label,
      delta: each ?? null,
      greeks: greeks ?? null,
      asOf,
    })),
    intent:
      signed === undefined
        ? null
        : {
            id: signed.id,
            signer: signed.intent.signer,
            signature: signed.signature,
            message: intentToJson(signed.intent),
          },
    quotes: quotes.map(
      ({ accepted, adapter, byKind, chainId, costBps, kind, poolId, reason: why, timeSeconds, toChainId }) => ({
        adapter,
        chainId: chainId ?? null,
        toChainId: toChainId ?? null,
        kind,
        poolId: poolId ?? null,
        accepted,
        reason: why,
        costBps: costBps ?? null,
        byKind: byKind ?? null,
        timeSeconds,
      }),
    ),
    slices: (schedule?.slices ?? []).map(({ atSeconds, deltaUnits }) => ({
      at: new Date(atSeconds * 1000).toISOString(),
      deltaUnits,
    })),
    schedule: schedule === undefined ? null : { kind: schedule.kind, sentence: schedule.sentence },
    route: {
      hops: slices.flatMap(hopsOf),
      costBps: weighted(slices, ({ route }) => route.costBps),
      bestSingleChainCostBps: weighted(slices, ({ route }) => costOf(route.alternatives.bestSingleChain)),
      bestWithoutBridgingCostBps: weighted(slices, ({ route }) => costOf(route.alternatives.bestWithoutBridging)),
      optimalityGapBps: weighted(slices, ({ route }) => route.optimalityGapBps),
    },
    awards: slices.map(awardOf),
    instruments: instrumentsOf(result),
    costs: costs === null ? NOTHING_SPENT : costsOf(costs),
    shortfall,
    efficiency,
    books:
      reconciliation?.lines.map(({ closingAtoms, flowsByKind, openingAtoms, token, unexplainedAtoms }) => ({
        chainId: token.chainId,
        token: token.symbol,
        address: token.address,
        openingAtoms: openingAtoms.toString(),
        flows: Object.fromEntries(Object.entries(flowsByKind).map(([kind, atoms]) => [kind, atoms.toString()])),
        closingAtoms: closingAtoms.toString(),
        unexplainedAtoms: unexplainedAtoms.toString(),
      })) ?? [],
    unexplainedAtoms: reconciliation === null ? '0' : reconciliation.unexplainedAtoms.toString(),
    trust: report.trust ?? [],
    poolCalls: before.poolCalls,
    durationMs,
  };
}

/** Who did a slice, and why everybody else did not. */
function awardOf({ award, execution, slice, swap }: SliceResult): Record<string, unknown> {
  const { contestants, refusals = [], winner } = award;
  return {
    slice: slice.index,
    winner,
    contestants: contestants.map(({ adapter, code, costBps, improvement, sentence, won }) => ({
      adapter,
      won,
      code,
      sentence,
      costBps: costBps ?? null,
      improvement: improvement?.net ?? null,
    })),
    refused: refusals.map(({ adapter, code, sentence }) => ({ adapter, code, sentence })),
    order:
      swap === undefined
        ? null
        : {
            tokenIn: swap.input.token.address,
            tokenOut: swap.output.token.address,
            amountIn: swap.input.atoms.toString(),
            amountOut: swap.output.atoms.toString(),
            guaranteed: swap.quotedOutputAtoms.toString(),
            txHash: execution.steps.find(({ id }) => id.startsWith('delegate-'))?.txHash ?? null,
          },
  };
}

/** Every instrument that took a part of the trade, each against all that competed for the whole of it. */
function instrumentsOf({ choices, instrument, parts }: HedgingResult): readonly Record<string, unknown>[] {
  if (parts === undefined) return instrument === undefined ? [] : [instrumentOf(instrument, instrument.choice)];
  const whole = choices?.at(-1);
  return parts.flatMap((part) =>
    part.instrument === undefined ? [] : [instrumentOf(part.instrument, whole ?? part.instrument.choice)],
  );
}

/** The instrument that took the trade, and what it was held against. */
function instrumentOf(
  { choice: { chosen }, execution }: InstrumentTrade,
  { compared, refused }: InstrumentTrade['choice'],
): Record<string, unknown> {
  const isOwn = ({ quote: { adapter, chainId, instrument } }: HoldingComparison): boolean =>
    adapter === chosen.quote.adapter && chainId === chosen.quote.chainId && instrument === chosen.quote.instrument;
  const one = ({ costBps, holdingCostBpsPerDay, quote }: HoldingComparison): Record<string, unknown> => {
    const { adapter, chainId, instrument, units } = quote;
    return { adapter, chainId, instrument, deltaUnits: units, costBps, holdingCostBpsPerDay };
  };
  return {
    ...one(chosen),
    competitors: compared.filter((each) => !isOwn(each)).map(one),
    refused,
    steps: execution.steps.map(({ id, state, txHash }) => ({ id, state, txHash: txHash ?? null })),
  };
}

/** A hold or a dry run: what a route would cost stands at the route. */
const NOTHING_SPENT = { byKind: {}, total: '0', unattributed: '0' } as const;

function costsOf({ byKind, total, unattributed }: CostAttribution): Record<string, unknown> {
  return { byKind, total, unattributed };
}

function hopsOf({ execution, route, slice }: SliceResult): readonly Record<string, unknown>[] {
  return route.hops.map((hop, index) => {
    const step = execution.steps.find(({ id }) => id === `hop-${index}-${hop.kind}`);
    return {
      slice: slice.index,
      adapter: hop.adapter,
      chainId: hop.chainId,
      ...(hop.kind === 'bridge' ? { toChainId: hop.toChainId } : { poolId: hop.poolId }),
      kind: hop.kind,
      tokenIn: hop.tokenIn.address,
      tokenOut: hop.tokenOut.address,
      amountIn: hop.amountIn.toString(),
      amountOut: hop.amountOut.toString(),
      minReceived: hop.minReceived.toString(),
      txHash: step?.txHash ?? null,
      state: step?.state ?? 'not-sent',
    };
  });
}

function costOf(alternative: SliceResult['route']['alternatives']['bestSingleChain']): number | null {
  return alternative.status === 'feasible' ? alternative.costBps : null;
}

/** Mean over the slices by what each served; null where a slice has none. */
function weighted(slices: readonly SliceResult[], of: (slice: SliceResult) => number | null): number | null {
  let sum = 0;
  let total = 0;
  for (const slice of slices) {
    const value = of(slice);
    if (value === null) return null;
    const served = Number(slice.route.servedUnits);
    sum += value * served;
    total += served;
  }
  return total === 0 ? null : sum / total;
}
