import { InvalidInputError } from '@evenkeel/intents';
import type { BookLevel, Pool } from '../model/curve.js';
import type { Quote, QuoteRequest } from '../model/quote.js';
import { tokenKey } from '../model/token.js';
import type { Refusal } from './solicit.js';
import { isDistrusted, shortfallOf, type Trust } from './trust.js';

const MOST_RUNGS = 32;

/**
 * The same question at falling sizes: the whole amount, a half of it, a quarter … What a venue answers to them is its
 * ladder.
 *
 * @param rungs How many sizes, 1 to 32; sizes of nothing are left out.
 * @throws InvalidInputError
 * @example
 * ```ts
 * const quotes = ladderRequests({ input: { token: usdc, atoms: 100_000_000n }, ...rest }, 6)
 * const { quotes: answers } = await solicit({ tokens: [usdc, weth], quotes, transfers: [], maxAgeSeconds: 30 }, context)
 * const { pools } = laddersOf(answers, trust)
 * ```
 */
export function ladderRequests(whole: QuoteRequest, rungs: number): readonly QuoteRequest[] {
  if (!Number.isSafeInteger(rungs) || rungs < 1 || rungs > MOST_RUNGS) {
    throw new InvalidInputError('rungs', rungs, 'is not a number of sizes', `Use 1 to ${MOST_RUNGS}.`);
  }
  const sizes = Array.from({ length: rungs }, (_, i) => whole.input.atoms >> BigInt(i)).filter((atoms) => atoms > 0n);
  return Object.freeze(
    sizes
      .reverse()
      .map((atoms) => Object.freeze({ ...whole, input: Object.freeze({ token: whole.input.token, atoms }) })),
  );
}

/**
 * Accepted quotes of venues without a curve as pools that the router takes: one for each adapter and direction, through
 * the amounts that the quotes guarantee, less what the adapter is known to fall short by. A rung that guarantees no more
 * than a smaller one is left out; so is an adapter that is not trusted at all, with a refusal that says so.
 */
export function laddersOf(
  quotes: readonly Quote[],
  trust: Trust,
): { readonly pools: readonly Pool[]; readonly refusals: readonly Refusal[] } {
  const groups = new Map<string, Quote[]>();
  for (const quote of quotes) {
    if (quote.kind !== 'venue') continue;
    const key = `${quote.adapter}/${tokenKey(quote.input.token)}>${tokenKey(quote.output.token)}`;
    groups.set(key, [...(groups.get(key) ?? []), quote]);
  }
  const pools: Pool[] = [];
  const refusals = new Map<string, Refusal>();
  for (const rungs of groups.values()) {
    const { adapter, input } = rungs[0]!;
    if (!isDistrusted(trust, adapter)) {
      const pool = ladderPool(rungs, shortfallOf(trust, adapter));
      if (pool !== undefined) pools.push(pool);
      continue;
    }
    const sentence = `Its firm quotes fell short of its ladders by ${shortfallOf(trust, adapter).toFixed(1)} bp.`;
    const { chainId } = input.token;
    refusals.set(
      `${adapter}/${chainId}`,
      Object.freeze({ adapter, kind: 'venue', chainId, code: 'DISTRUSTED', sentence }),
    );
  }
  return Object.freeze({ pools: Object.freeze(pools), refusals: Object.freeze([...refusals.values()]) });
}

function ladderPool(rungs: readonly Quote[], shortfallBps: number): Pool | undefined {
  const [{ adapter, input, output }] = rungs as readonly [Quote, ...Quote[]];
  const points: BookLevel[] = [];
  for (const { input: size, minReceived } of [...rungs].sort((a, b) => compare(a.input.atoms, b.input.atoms))) {
    const amountOut = less(minReceived, shortfallBps);
    const before = points[points.length - 1];
    if (amountOut <= (before?.amountOut ?? 0n) || size.atoms <= (before?.amountIn ?? 0n)) continue;
    points.push(Object.freeze({ amountIn: size.atoms, amountOut }));
  }
  if (points.length === 0) return undefined;
  const { chainId } = input.token;
  const units = rungs.flatMap(({ gas }) => gas.filter((use) => use.chainId === chainId).map((use) => use.units));
  return Object.freeze({
    id: `ladder:${input.token.address.toLowerCase()}>${output.token.address.toLowerCase()}`,
    adapter,
    chainId,
    tokens: Object.freeze([input.token, output.token] as const),
    curve: Object.freeze({ kind: 'ladder', tokenInIndex: 0, points: Object.freeze(points) }),
    gas: Object.freeze({ base: units.reduce((most, each) => (each > most ? each : most), 0n), perTick: 0n }),
    asOf: rungs
      .map(({ asOf }) => asOf)
      .reduce((oldest, asOf) => (asOf.timeSeconds < oldest.timeSeconds ? asOf : oldest)),
    payload: null,
  });
}

/** Rounded down, to a thousandth of a basis point. */
function less(atoms: bigint, bps: number): bigint {
  return (atoms * BigInt(10_000_000 - Math.ceil(bps * 1000))) / 10_000_000n;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
