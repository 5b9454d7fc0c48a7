// Balancer's SOR v1: weights between the best paths of one and two pools. It knows no concentrated liquidity.
import { createRequire } from 'node:module';
import { poolAddress } from './common.mjs';

export const name = 'balancer';
export const label = '@balancer-labs/sor 4.1.3';

export function load() {
  const require = createRequire(import.meta.url);
  return { ...require('@balancer-labs/sor'), BigNumber: require('@ethersproject/bignumber').BigNumber };
}

/** Why it cannot serve a problem, or nothing. */
export function refuses(problem) {
  return problem.pools.some(({ kind }) => kind !== 'constant-product')
    ? 'knows constant-product pools only'
    : undefined;
}

export async function prepare({ BigNumber, SOR, SwapTypes }, problem) {
  const tokens = new Map(problem.tokens.map((token) => [token.address, token]));
  const ids = new Map();
  const pools = problem.pools.map((pool, i) => {
    const address = poolAddress(i);
    ids.set(address, pool.id);
    return {
      id: address,
      address,
      poolType: 'Weighted',
      swapFee: (pool.feePpm / 1e6).toFixed(6),
      swapEnabled: true,
      totalShares: '1',
      totalWeight: '1',
      tokensList: [...pool.tokens],
      tokens: pool.tokens.map((at, side) => {
        const { decimals } = tokens.get(at);
        return {
          address: at,
          balance: decimalOf(pool.reserves[side], decimals),
          decimals,
          priceRate: '1',
          weight: '0.5',
        };
      }),
    };
  });
  const { amountIn, chainId, tokenIn, tokenOut } = problem.demand;
  const noNetwork = {};
  const config = { chainId, vault: poolAddress(2 ** 40), weth: tokenOut };
  const sor = new SOR(
    noNetwork,
    config,
    { getPools: () => Promise.resolve(pools) },
    { getNativeAssetPriceInToken: () => Promise.resolve(problem.nativePriceInTokenOut[chainId]) },
  );
  await sor.fetchPools();
  const options = {
    gasPrice: BigNumber.from(problem.gasPrices[chainId]),
    swapGas: BigNumber.from(100_000),
    timestamp: 0,
    forceRefresh: false,
  };
  // The first of these asks for the price of gas, and keeps it.
  await sor.getCostOfSwapInToken(tokenOut, 18, options.gasPrice, options.swapGas);
  const solve = () => sor.getSwaps(tokenIn, tokenOut, SwapTypes.SwapExactIn, BigNumber.from(amountIn), options);
  const toHops = ({ swaps, tokenAddresses }) => {
    const hops = swaps.map(({ amount, assetInIndex, assetOutIndex, poolId }, i) => ({
      poolId: ids.get(poolId),
      tokenIn: tokenAddresses[assetInIndex],
      tokenOut: tokenAddresses[assetOutIndex],
      amount: amount === '0' ? { from: i - 1 } : BigInt(amount),
    }));
    const last = hops.findLast(({ tokenIn: from }) => from === tokenIn);
    if (last !== undefined) last.amount = { share: 1 };
    return hops;
  };
  return { solve, toHops };
}

function decimalOf(atoms, decimals) {
  const digits = atoms.padStart(decimals + 1, '0');
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
