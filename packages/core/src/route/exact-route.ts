import { InvalidInputError } from '@evenkeel/intents';
import { sameToken, type Token } from '../model/token.js';
import { gasOfHop } from './costs.js';
import type { CompiledModel } from './model.js';
import type { ReplayedHop } from './replay/collect.js';
import { rescale } from './replay/legs.js';
import type { SolvedModel } from './solve-model.js';

/** A route in atoms. Made anew by every call; its hops are not frozen, which would cost more than finding them. */
export interface ExactRoute {
  /** Atoms used and obtained, summed at the highest decimals of each side's tokens. */
  readonly amountIn: bigint;
  readonly amountOut: bigint;
  /** Atoms of the exact side that could not be served. */
  readonly remainder: bigint;
  /** In executable order, replayed to the atom. */
  readonly hops: readonly ReplayedHop[];
  /** Units of gas over all hops. */
  readonly gas: bigint;
  readonly costBps: number;
  readonly optimalityGapBps: number;
  readonly nodesUsed: number;
  /** Everything else that is known of it, on demand. */
  readonly details: () => SolvedModel;
}

const DEFAULT_NODE_BUDGET = 3000;
const LEAST_NODE_BUDGET = 150;
/** The default budget times the number of edges stays within this. */
const DEFAULT_EFFORT = 1_200_000;

export function defaultBudget(edges: number): number {
  return Math.max(LEAST_NODE_BUDGET, Math.min(DEFAULT_NODE_BUDGET, Math.round(DEFAULT_EFFORT / edges)));
}

export function assertAmount(amount: bigint): void {
  if (amount <= 0n) throw new InvalidInputError('amount', amount, 'asks for nothing', 'Use 1 atom or more.');
}

/** A solved model as a route in atoms. */
export function routeOf(solved: SolvedModel): ExactRoute {
  const { compiled, replay } = solved;
  return {
    ...totals(compiled, replay),
    remainder: replay.remainder,
    hops: replay.hops,
    gas: gasOf(replay.hops),
    costBps: solved.costBps,
    optimalityGapBps: solved.gapBps,
    nodesUsed: solved.mixed.nodesUsed,
    details: () => solved,
  };
}

/**
 * What a replay gives and takes, summed at the decimals of the most precise token of each side. What rounding lets arrive
 * beyond what is needed counts where it lies at an end: more output there, less input here.
 */
export function totals(
  compiled: CompiledModel,
  { dust, received, spent }: Pick<SolvedModel['replay'], 'dust' | 'received' | 'spent'>,
): Pick<ExactRoute, 'amountIn' | 'amountOut'> {
  const inputs = compiled.model.inputs.map(({ token }) => token);
  const { outputs } = compiled.model;
  const total = (flows: ReadonlyMap<number, bigint>, tokens: readonly Token[]): bigint =>
    totalAtoms(compiled, flows, mostPrecise(tokens));
  return {
    amountIn: total(spent, inputs) - total(lyingAt(compiled, dust, inputs), inputs),
    amountOut: total(received, outputs) + total(lyingAt(compiled, dust, outputs), outputs),
  };
}

function lyingAt(
  { nodes }: CompiledModel,
  dust: ReadonlyMap<number, bigint>,
  tokens: readonly Token[],
): ReadonlyMap<number, bigint> {
  const isOne = (n: number): boolean => {
    const node = nodes[n]!;
    return node.kind === 'token' && tokens.some((token) => sameToken(token, node.token));
  };
  return new Map([...dust].filter(([n]) => isOne(n)));
}

function mostPrecise(tokens: readonly Token[]): number {
  return Math.max(...tokens.map(({ decimals }) => decimals));
}

function totalAtoms({ nodes }: CompiledModel, flows: ReadonlyMap<number, bigint>, decimals: number): bigint {
  let total = 0n;
  for (const [node, atoms] of flows) total += rescale(atoms, nodes[node]!.decimals, decimals);
  return total;
}

export function gasOf(hops: readonly ReplayedHop[]): bigint {
  let units = 0n;
  for (const hop of hops) units += gasOfHop(hop);
  return units;
}
