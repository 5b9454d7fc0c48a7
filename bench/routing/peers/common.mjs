// What the peers' adapters share: a pool's address and its state as concentrated liquidity.
import { squareRoot, tickAt } from '../judge-math.mjs';

/** An address of its own for each pool, by its place in the problem. */
export const poolAddress = (index) => `0xe${index.toString(16).padStart(39, '0')}`;

/**
 * A pool as a router for concentrated liquidity wants it. A constant-product pool is one position over the whole range:
 * the same curve, and any fee, where the peer's own V2 pools know one fee only.
 */
export function concentratedForm(pool, spacingOf) {
  if (pool.kind === 'concentrated') {
    return {
      sqrtPriceX96: BigInt(pool.sqrtPriceX96),
      liquidity: BigInt(pool.liquidity),
      tick: pool.tick,
      ticks: pool.ticks.map(({ index, liquidityNet }) => ({ index, liquidityNet: BigInt(liquidityNet) })),
    };
  }
  const [x, y] = pool.reserves.map(BigInt);
  const sqrtPriceX96 = squareRoot((y << 192n) / x);
  const liquidity = squareRoot(x * y);
  const spacing = spacingOf(pool.feePpm);
  const end = Math.floor(887_272 / spacing) * spacing;
  const ticks = [
    { index: -end, liquidityNet: liquidity },
    { index: end, liquidityNet: -liquidity },
  ];
  return { sqrtPriceX96, liquidity, tick: tickAt(sqrtPriceX96), ticks };
}

/** Amounts of both tokens that stand behind a pool's liquidity around its price, for peers that rank pools by size. */
export function virtualReserves(pool) {
  if (pool.kind === 'constant-product') return pool.reserves.map(BigInt);
  const sqrt = BigInt(pool.sqrtPriceX96);
  const liquidity = BigInt(pool.liquidity);
  return [(liquidity << 96n) / sqrt, (liquidity * sqrt) >> 96n];
}
