import type { RouteProblem, RouteSolution } from '@evenkeel/core/route';
import pc from 'picocolors';
import { bps, shortHex, table, units } from './format.js';

/** A simpler route beside the chosen one, or why there is none. */
export type RouteAlternative =
  { readonly name: string; readonly solution: RouteSolution } | { readonly name: string; readonly code: string };

interface Asset {
  readonly symbol: string;
  readonly decimals: number;
}

type Hop = RouteSolution['hops'][number];

/** A cost below this is whole atoms only. */
const LEAST_SHOWN = 1e-9;

/** A route for people: the split node by node, costs by kind, how good it is, what else there would be. */
export function solutionText(
  problem: RouteProblem,
  solution: RouteSolution & { readonly warmMedianMs?: number },
  alternatives: readonly RouteAlternative[],
): string {
  const assets = new Map(problem.tokens.map((token) => [keyOf(token.chainId, token.address), token] as const));
  const amount = (atoms: string, { decimals, symbol }: Asset): string =>
    `${units(Number(atoms) / 10 ** decimals, 9)} ${symbol}`;
  const [input, output] = sides(problem, assets);
  const lines = [`${pc.bold(amount(solution.amountIn, input))} ─▶ ${pc.bold(amount(solution.amountOut, output))}`];
  lines.push(...splitLines(solution.hops, assets, amount));
  if (solution.remainder !== '0') {
    const side = 'amountOut' in problem.demand ? output : input;
    lines.push(pc.yellow(`  ${amount(solution.remainder, side)} cannot be served by these pools`));
  }
  const kinds = Object.entries(solution.costsByKind).filter(([, value]) => Math.abs(Number(value)) >= LEAST_SHOWN);
  const numeraire = 'amountOut' in problem.demand ? input : output;
  lines.push(
    table(
      ['cost', numeraire.symbol],
      kinds.map(([kind, value]) => [kind, units(value)]),
      [1],
    ),
  );
  lines.push(
    `  costs ${bps(solution.costBps)}, ${solution.gas} gas; ` +
      `no route over these pools is better by more than ${solution.optimalityGapBps.toFixed(4)} bp`,
  );
  if (solution.gapWithCirclesBps !== undefined) {
    const gap = solution.gapWithCirclesBps.toFixed(4);
    lines.push(`  prices contradict each other: with what circles would earn, that would be ${gap} bp`);
  }
  const beside = alternatives.map((each) =>
    'solution' in each
      ? `${each.name} ${sideOf(each.solution, problem, amount, input, output)}`
      : `${each.name} ${each.code}`,
  );
  if (beside.length > 0) lines.push(`  beside it: ${beside.join(', ')}`);
  const times = [solution.solveMs, solution.warmMedianMs].map((ms) =>
    ms === undefined ? undefined : `${ms.toFixed(3)} ms`,
  );
  lines.push(
    pc.dim(`  solved in ${times[0] ?? '–'}${times[1] === undefined ? '' : `, repeated in ${times[1]} (median)`}`),
  );
  return lines.join('\n');
}

function sideOf(
  { amountIn, amountOut, remainder }: RouteSolution,
  { demand }: RouteProblem,
  amount: (atoms: string, asset: Asset) => string,
  input: Asset,
  output: Asset,
): string {
  const text = 'amountOut' in demand ? amount(amountIn, input) : amount(amountOut, output);
  return remainder === '0' ? text : `${text} for a part`;
}

/** Hops by the token that they start from, in executable order, each with its share of what leaves that token. */
function splitLines(
  hops: readonly Hop[],
  assets: ReadonlyMap<string, Asset>,
  amount: (atoms: string, asset: Asset) => string,
): readonly string[] {
  const groups = new Map<string, Hop[]>();
  for (const hop of hops) {
    const key = keyOf(hop.chainId, hop.tokenIn);
    groups.set(key, [...(groups.get(key) ?? []), hop]);
  }
  return [...groups.entries()].flatMap(([key, leaving]) => {
    const from = assets.get(key)!;
    const total = leaving.reduce((sum, { amountIn }) => sum + Number(amountIn), 0);
    const rows = leaving.map((hop) => {
      const to = assets.get(keyOf(hop.toChainId ?? hop.chainId, hop.tokenOut))!;
      const by =
        hop.kind === 'bridge'
          ? `══ ${pc.magenta(hop.bridgeId ?? '')} ══▶ ${hop.toChainId ?? ''}`
          : `── ${pc.blue(shortHex(hop.poolId ?? ''))}`;
      const share = `${((Number(hop.amountIn) / total) * 100).toFixed(1)} %`;
      return `    ${share.padStart(7)} ${by}   ${amount(hop.amountIn, from)} ─▶ ${amount(hop.amountOut, to)}`;
    });
    return [`  ${pc.bold(from.symbol)} on ${leaving[0]!.chainId}`, ...rows];
  });
}

/** The assets that the sums of both sides are stated in: the most precise of each side. */
function sides({ demand }: RouteProblem, assets: ReadonlyMap<string, Asset>): readonly [Asset, Asset] {
  if ('tokenIn' in demand) {
    return [assets.get(keyOf(demand.chainId, demand.tokenIn))!, assets.get(keyOf(demand.chainId, demand.tokenOut))!];
  }
  const mostPrecise = (list: readonly { readonly chainId: number; readonly address: string }[]): Asset =>
    list
      .map(({ address, chainId }) => assets.get(keyOf(chainId, address))!)
      .reduce((a, b) => (b.decimals > a.decimals ? b : a));
  return [mostPrecise(demand.tokensIn), mostPrecise(demand.tokensOut)];
}

function keyOf(chainId: number, address: string): string {
  return `${chainId}:${address.toLowerCase()}`;
}
