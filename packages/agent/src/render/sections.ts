import {
  type Decision,
  type Exposure,
  fromAtoms,
  type HedgeAlternative,
  type HedgeRoute,
  midpoint,
  type Schedule,
  type Token,
} from '@evenkeel/core';
import type { CompareRow } from '@evenkeel/core/solicit';
import type { ExecutionReport } from '@evenkeel/core/report';
import type { GuardReport } from '@evenkeel/core/execution';
import type { Survey } from '@evenkeel/core/rebalancer';
import type { SignedIntent } from '@evenkeel/intents';
import pc from 'picocolors';
import { bps, money, shortHex, table, units } from './format.js';

/** One function a section of what a person reads; each gives finished text. */

export function exposureText(exposure: Exposure): string {
  const rows = exposure.positions.map(({ asOf, delta, greeks, label, reason }) => [
    label,
    delta === undefined ? pc.red('unbounded') : interval(delta),
    greeks === undefined ? '–' : units(greeks.gammaPerUnit, 4),
    greeks === undefined ? '–' : units(greeks.vegaPerPoint, 4),
    `${asOf.source}${asOf.blockNumber === undefined ? '' : `, block ${asOf.blockNumber}`}, ${time(asOf.timeSeconds)}`,
    reason ?? '',
  ]);
  const total = [
    pc.bold('total'),
    pc.bold(interval(exposure.delta)),
    units(exposure.gammaPerUnit, 4),
    units(exposure.vegaPerPoint, 4),
    '',
    '',
  ];
  const doubts = exposure.widenings.map(({ code, sentence }) => `  ${pc.yellow(code)} ${sentence}`);
  return [table(['position', 'delta', 'gamma', 'vega/pt', 'read', ''], [...rows, total], [1, 2, 3]), ...doubts].join(
    '\n',
  );
}

const BAND_SOURCES = {
  lattice: 'the band is read from a prepared table of the exact optimum of this book',
  'closed-form': 'the band is the corrected closed form',
} as const;

export function decisionText(decision: Decision): string {
  const { band, inputs } = decision;
  const lines = [
    `  ${decision.action === 'trade' ? pc.green('TRADE') : pc.yellow('HOLD')} ${pc.dim(decision.reason)}  ${decision.sentence}`,
  ];
  if (band !== undefined) {
    lines.push(
      `  band ${units(band.low)} … ${units(band.high)}, target ${units(band.target)}, back to ${units(band.innerLow)} … ${units(band.innerHigh)}`,
    );
  }
  if (decision.bandSource !== undefined) {
    const because = decision.bandReason === undefined ? '' : `: ${decision.bandReason}`;
    lines.push(`  ${BAND_SOURCES[decision.bandSource]}${because}`);
  }
  if (decision.trendReason !== undefined) lines.push(`  trend: ${decision.trendReason}`);
  const { budgetBpsPerMonth, perNumeraire } = inputs.riskAversion;
  lines.push(
    `  risk aversion ${units(perNumeraire)} per USD, which is a budget of ${units(budgetBpsPerMonth, 3)} bp a month`,
  );
  if (decision.marginalCost !== undefined && decision.marginalRisk !== undefined) {
    lines.push(
      `  the last unit costs ${money(decision.marginalCost)} and removes risk worth ${money(decision.marginalRisk)}`,
    );
  }
  return lines.join('\n');
}

export function intentText({ id, intent }: SignedIntent): string {
  const { low, high } = intent.postTradeDelta;
  const spending = intent.spending.map(({ chainId, maxSpend, token }) => [
    String(chainId),
    shortHex(token),
    maxSpend.toString(),
  ]);
  return [
    `  id ${id}`,
    `  change ${units(intent.deltaChangeUnits)} ${intent.underlying}, so that the delta ends within ${units(low)} … ${units(high)}`,
    `  at most ${intent.maxCostBps} bp against ${intent.referencePrice.price} (${intent.referencePrice.source}), until ${time(intent.deadline)}`,
    `  signed by ${intent.signer} (EIP-712)`,
    table(['chain', 'may spend', 'at most, atoms'], spending, [2]),
  ].join('\n');
}

export function scheduleText(schedule: Schedule): string {
  const rows = schedule.slices.map(({ atSeconds, deltaUnits, index }) => [
    String(index),
    time(atSeconds),
    units(deltaUnits),
  ]);
  return [`  ${schedule.kind}: ${schedule.sentence}`, table(['slice', 'not before', 'delta'], rows, [2])].join('\n');
}

export function quotesText(rows: readonly CompareRow[], survey: Survey): string {
  const body = rows.map((row) => [
    row.accepted ? pc.green('✔') : pc.dim('·'),
    row.adapter,
    row.toChainId === undefined ? String(row.chainId ?? '–') : `${row.chainId ?? '–'} → ${row.toChainId}`,
    row.poolId === undefined ? '' : shortHex(row.poolId),
    bps(row.costBps),
    ...(['liquidity-provider', 'price-impact', 'gas', 'bridge', 'message', 'time-at-risk'] as const).map((kind) =>
      row.byKind === undefined ? '–' : row.byKind[kind].toFixed(2),
    ),
    row.timeSeconds === 0 ? '–' : `${row.timeSeconds} s`,
    row.reason,
  ]);
  const calls = Object.entries(survey.poolCalls).map(([chain, count]) => `${count} on ${chain}`);
  return [
    table(
      ['', 'adapter', 'chain', 'pool', 'all in', 'lp fee', 'impact', 'gas', 'bridge', 'message', 'risk', 'time', 'why'],
      body,
      [4, 5, 6, 7, 8, 9, 10, 11],
    ),
    pc.dim(`  all for the whole size, in bp of it; reading all pools took RPC calls: ${calls.join(', ')}`),
  ].join('\n');
}

export function routeText(route: HedgeRoute): string {
  const hops = route.hops.map((hop) => {
    const flow = `${amount(hop.tokenIn, hop.amountIn)} ─▶ ${amount(hop.tokenOut, hop.amountOut)}`;
    return hop.kind === 'bridge'
      ? `  ${pc.bold(String(hop.chainId))} ══ ${pc.magenta(hop.adapter)} ══▶ ${pc.bold(String(hop.toChainId))}   ${flow}`
      : `  ${pc.bold(String(hop.chainId))} ── ${pc.blue(hop.adapter)} ${pc.dim(shortHex(hop.poolId))}   ${flow}`;
  });
  const { bestSingleChain, bestSinglePool, bestWithoutBridging } = route.alternatives;
  return [
    ...hops,
    `  costs ${bps(route.costBps)} (${money(route.cost)}); no better mix saves more than ${bps(route.optimalityGapBps)}`,
    `  beside it: best single chain ${alternative(bestSingleChain)}, without bridging ${alternative(bestWithoutBridging)}, best single pool ${alternative(bestSinglePool)}`,
  ].join('\n');
}

export function guardText(reports: readonly GuardReport[]): string {
  return reports
    .flatMap(({ chainId, checks, steps, unchecked }) => [
      `  chain ${pc.bold(String(chainId))}: ${steps.length} steps simulated on the latest block`,
      ...checks.map((check) => `    ${pc.green('✔')} ${check}`),
      ...unchecked.map((each) => `    ${pc.yellow('–')} ${each}`),
    ])
    .join('\n');
}

export function reportText(report: ExecutionReport): string {
  const { costs, delta, efficiency, reconciliation, shortfall } = report;
  const lines = [
    `  delta ${units(midpoint(delta.before))} ─▶ ${pc.bold(units(midpoint(delta.after)))}, target ${units(delta.target)}, band ${units(delta.bandLow)} … ${units(delta.bandHigh)}`,
  ];
  if (costs !== null) {
    const kinds = Object.entries(costs.byKind).filter(([, value]) => Number(value) !== 0);
    lines.push(
      `  cost ${money(costs.total)}: ${kinds.map(([kind, value]) => `${kind} ${Number(value).toFixed(4)}`).join(', ')}`,
    );
  }
  if (shortfall !== null) {
    const { total, totalBps, ...parts } = shortfall;
    const named = Object.entries(parts).filter(([, value]) => Number(value) !== 0);
    lines.push(
      `  shortfall against the decision's price ${money(total)} (${bps(totalBps)}): ${named.map(([part, value]) => `${part} ${Number(value).toFixed(4)}`).join(', ')}`,
    );
  }
  if (efficiency !== null) {
    const { efficiency: ratio, optimum, realised } = efficiency;
    lines.push(
      `  rebalancing efficiency ${(ratio * 100).toFixed(1)} %: best possible ${money(optimum.cost)} + ${money(optimum.risk)} of risk, realised ${money(realised.cost)} + ${money(realised.risk)}`,
    );
  }
  for (const { sentence } of report.trust ?? []) lines.push(`  ${pc.yellow('!')} ${sentence}`);
  if (reconciliation !== null) {
    const rows = reconciliation.lines.map(({ closingAtoms, flowsByKind, openingAtoms, token, unexplainedAtoms }) => [
      String(token.chainId),
      token.symbol,
      openingAtoms.toString(),
      Object.entries(flowsByKind)
        .map(([kind, atoms]) => `${kind} ${atoms}`)
        .join('\n'),
      closingAtoms.toString(),
      unexplainedAtoms.toString(),
    ]);
    lines.push('  books, in atoms: opening + every recorded flow = closing');
    lines.push(table(['chain', 'token', 'opening', 'flows', 'closing', 'unexplained'], rows, [2, 4, 5]));
    lines.push(`  unexplained in all: ${reconciliation.unexplainedAtoms}`);
  }
  const good = report.outcome === 'hedged' || report.outcome === 'held' || report.outcome === 'dry-run';
  lines.push(`  ${(good ? pc.green : pc.red)(report.outcome.toUpperCase())} ${report.reason}`);
  return lines.join('\n');
}

function interval({ high, low }: { readonly low: string; readonly high: string }): string {
  return low === high ? units(low) : `${units(low)} … ${units(high)}`;
}

function amount(token: Token, atoms: bigint): string {
  return `${units(fromAtoms(token, atoms), 9)} ${token.symbol}`;
}

function alternative(alternative: HedgeAlternative): string {
  return alternative.status === 'feasible' ? bps(alternative.costBps) : `impossible (${alternative.code})`;
}

function time(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
