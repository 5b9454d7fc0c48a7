import { EvenkeelError } from '@evenkeel/intents';
import { midPrice } from '../model/curves/mid-price.js';
import type { Curve, Pool } from '../model/curve.js';
import { Decimal, type DecimalString } from '../model/decimal.js';
import { tokenKey, type Token } from '../model/token.js';

/** No pool that is known pairs the underlying with the numeraire. Code `NO_REFERENCE_PRICE`. */
export class NoReferencePriceError extends EvenkeelError {
  constructor(pools: number) {
    super('NO_REFERENCE_PRICE', `None of ${pools} pools gives a price of the underlying in the numeraire.`, {
      field: 'pools',
      value: pools,
      hint: 'Add a venue, check the tokens, or wait until nodes answer.',
      retryable: true,
    });
  }
}

/** What the market says one unit of the underlying is worth, over all chains and venues. */
export interface ReferencePrice {
  readonly source: string;
  /** Numeraire per unit of the underlying. */
  readonly price: DecimalString;
  /** How many pools had a say. */
  readonly pools: number;
  /** Highest over lowest mid price of those pools, less one, in bps: disagreement of the market with itself. */
  readonly dispersionBps: number;
}

/** One pool's say. */
export interface PoolPrice {
  readonly pool: Pool;
  /** Numeraire per unit of the underlying. */
  readonly price: Decimal;
  /** Numeraire that stands at its price. */
  readonly depth: Decimal;
}

/**
 * The median of the pools' mid prices, each weighted by how much numeraire stands at its price (its reserves, or the
 * virtual reserves L·√P of a concentrated position). To move it, an attacker has to move half of all the depth, on
 * several chains at once.
 *
 * @throws {NoReferencePriceError} NO_REFERENCE_PRICE
 */
export function referencePrice(
  pools: readonly Pool[],
  baseTokens: readonly Token[],
  quoteTokens: readonly Token[],
): ReferencePrice {
  const samples = [...poolPrices(pools, baseTokens, quoteTokens)];
  samples.sort((a, b) => a.price.comparedTo(b.price) ?? 0);
  const total = samples.reduce((sum, { depth }) => sum.plus(depth), new Decimal(0));
  let below = new Decimal(0);
  const median = samples.find(({ depth }) => (below = below.plus(depth)).times(2).gte(total));
  if (median === undefined || !total.gt(0)) throw new NoReferencePriceError(pools.length);
  const spread = samples.at(-1)!.price.div(samples[0]!.price).minus(1).times(10_000);
  return Object.freeze({
    source: 'pool-median',
    price: median.price.decimalPlaces(8).toFixed(),
    pools: samples.length,
    dispersionBps: Number(spread.toFixed(2)),
  });
}

/** The mid price and the depth of every pool that pairs the underlying with the numeraire, in the order given. */
export function poolPrices(
  pools: readonly Pool[],
  baseTokens: readonly Token[],
  quoteTokens: readonly Token[],
): readonly PoolPrice[] {
  const bases = new Set(baseTokens.map(tokenKey));
  const quotes = new Set(quoteTokens.map(tokenKey));
  return pools.flatMap((pool) => poolPrice(pool, bases, quotes) ?? []);
}

function poolPrice(pool: Pool, bases: ReadonlySet<string>, quotes: ReadonlySet<string>): PoolPrice | undefined {
  const [token0, token1] = pool.tokens;
  const baseFirst = bases.has(tokenKey(token0)) && quotes.has(tokenKey(token1));
  const quoteFirst = quotes.has(tokenKey(token0)) && bases.has(tokenKey(token1));
  if (!baseFirst && !quoteFirst) return undefined;
  const depth = quoteDepth(pool.curve, baseFirst ? 1 : 0);
  if (depth === undefined || !depth.gt(0)) return undefined;
  const oneForZero = new Decimal(midPrice(pool.curve, [token0.decimals, token1.decimals]));
  const quoteDecimals = (baseFirst ? token1 : token0).decimals;
  return {
    pool,
    price: baseFirst ? oneForZero : new Decimal(1).div(oneForZero),
    depth: depth.shiftedBy(-quoteDecimals),
  };
}

/** Atoms of the numeraire at the current price; undefined for one-sided offers, which have no middle. */
function quoteDepth(curve: Curve, quoteIndex: 0 | 1): Decimal | undefined {
  switch (curve.kind) {
    case 'constant-product':
      return new Decimal(curve.reserves[quoteIndex].toString());
    case 'concentrated': {
      if (curve.sqrtPriceX96 === 0n) return undefined;
      const virtual =
        quoteIndex === 1
          ? (curve.liquidity * curve.sqrtPriceX96) >> 96n
          : (curve.liquidity << 96n) / curve.sqrtPriceX96;
      return new Decimal(virtual.toString());
    }
    case 'stable-swap':
      return new Decimal(curve.balances[quoteIndex].toString()).times(1e18).div(curve.rates[quoteIndex].toString());
    case 'levels':
    case 'ladder':
      return undefined;
  }
}
