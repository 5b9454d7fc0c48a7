// Sushi's router: flows of equal size, one after the other, along the best single path of the moment.
import { createRequire } from 'node:module';
import { poolAddress, virtualReserves } from './common.mjs';

export const name = 'tines';
export const label = '@sushiswap/tines 1.0.11';

export function load() {
  return createRequire(import.meta.url)('@sushiswap/tines');
}

/** Everything that a caller would keep between two requests; `solve` is what is timed. */
export function prepare({ ConstantProductRPool, findMultiRouteExactIn, UniV3Pool }, problem) {
  const tokens = new Map(
    problem.tokens.map(({ address, decimals, symbol }) => [address, { name: symbol, symbol, address, decimals }]),
  );
  const ids = new Map();
  const pools = problem.pools.map((pool, i) => {
    const [token0, token1] = pool.tokens.map((address) => tokens.get(address));
    const [reserve0, reserve1] = virtualReserves(pool);
    const fee = pool.feePpm / 1e6;
    const address = poolAddress(i);
    ids.set(address, pool.id);
    const made =
      pool.kind === 'constant-product'
        ? new ConstantProductRPool(address, token0, token1, fee, reserve0, reserve1)
        : new UniV3Pool(
            address,
            token0,
            token1,
            fee,
            reserve0,
            reserve1,
            pool.tick,
            BigInt(pool.liquidity),
            BigInt(pool.sqrtPriceX96),
            pool.ticks.map(({ index, liquidityNet }) => ({ index, DLiquidity: BigInt(liquidityNet) })),
          );
    // It is told what a swap really costs here, where it lets itself be told.
    made.swapGasCost = pool.gas;
    return made;
  });
  const { amountIn, chainId, tokenIn, tokenOut } = problem.demand;
  const gasPrice = Number(problem.gasPrices[chainId]);
  const solve = () =>
    findMultiRouteExactIn(
      tokens.get(tokenIn),
      tokens.get(tokenOut),
      BigInt(amountIn),
      pools,
      tokens.get(tokenOut),
      gasPrice,
    );
  const toHops = (route) =>
    route.legs.map(({ poolAddress: at, swapPortion, tokenFrom, tokenTo }) => ({
      poolId: ids.get(at),
      tokenIn: tokenFrom.address,
      tokenOut: tokenTo.address,
      amount: { share: swapPortion },
    }));
  return { solve, toHops };
}
