// Pancake's Infinity router: as many as a hundred streams, each along the best single path of the moment.
import { createRequire } from 'node:module';
import { concentratedForm, poolAddress, virtualReserves } from './common.mjs';

export const name = 'pancake';
export const label = '@pancakeswap/smart-router 7.7.3';

/** Where gas costs less than one atom of the input it takes ten streams whatever the size: this is just above. */
const LEAST_GAS_PRICE_WEI = 100_000n;

export function load() {
  const require = createRequire(import.meta.url);
  const router = require('@pancakeswap/smart-router');
  const sdk = require('@pancakeswap/sdk');
  const v3 = require('@pancakeswap/v3-sdk');
  // Its table of tick spacings lacks the tier that everybody else has.
  v3.TICK_SPACINGS[3000] ??= 60;
  return { router, sdk, v3, checksummed: require('viem').getAddress };
}

export function prepare({ checksummed, router, sdk, v3 }, problem) {
  const { CurrencyAmount, ERC20Token, Percent, TradeType } = sdk;
  const tokens = new Map(
    problem.tokens.map(({ address, chainId, decimals, symbol }) => [
      address,
      new ERC20Token(chainId, checksummed(address), decimals, symbol),
    ]),
  );
  const ids = new Map();
  const candidatePools = problem.pools.map((pool, i) => {
    const [token0, token1] = pool.tokens.map((address) => tokens.get(address));
    const { liquidity, sqrtPriceX96, tick, ticks } = concentratedForm(pool, (fee) => v3.TICK_SPACINGS[fee]);
    const [reserve0, reserve1] = virtualReserves(pool);
    ids.set(poolAddress(i), pool.id);
    return {
      type: router.PoolType.V3,
      token0,
      token1,
      fee: pool.feePpm,
      liquidity,
      sqrtRatioX96: sqrtPriceX96,
      tick,
      address: poolAddress(i),
      token0ProtocolFee: new Percent(0, 1),
      token1ProtocolFee: new Percent(0, 1),
      ticks: ticks.map(({ index, liquidityNet }) => {
        const gross = liquidityNet < 0n ? -liquidityNet : liquidityNet;
        return new v3.Tick({ index, liquidityNet, liquidityGross: gross });
      }),
      reserve0: CurrencyAmount.fromRawAmount(token0, reserve0),
      reserve1: CurrencyAmount.fromRawAmount(token1, reserve1),
    };
  });
  const { amountIn, chainId, tokenIn, tokenOut } = problem.demand;
  const asked = BigInt(problem.gasPrices[chainId]);
  const gasPriceWei = asked > LEAST_GAS_PRICE_WEI ? asked : LEAST_GAS_PRICE_WEI;
  const amount = CurrencyAmount.fromRawAmount(tokens.get(tokenIn), amountIn);
  const solve = () =>
    router.InfinityRouter.getBestTrade(amount, tokens.get(tokenOut), TradeType.EXACT_INPUT, {
      candidatePools,
      gasPriceWei,
      maxHops: 3,
    });
  const toHops = (trade) => {
    const hops = [];
    trade.routes.forEach(({ inputAmount, path, pools }, r) => {
      pools.forEach((pool, i) => {
        const first = r === trade.routes.length - 1 ? { share: 1 } : inputAmount.quotient;
        hops.push({
          poolId: ids.get(pool.address),
          tokenIn: path[i].address.toLowerCase(),
          tokenOut: path[i + 1].address.toLowerCase(),
          amount: i === 0 ? first : { from: hops.length - 1 },
        });
      });
    });
    return hops;
  };
  return { solve, toHops };
}
