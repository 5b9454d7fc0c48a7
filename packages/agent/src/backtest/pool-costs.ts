import { costCurve, type Pool, type Token } from '@evenkeel/core';
import { costsOfCurves, type TradingCosts } from '@evenkeel/core/backtest';
import type { BacktestConfig } from './schema.js';

type PoolsConfig = Extract<BacktestConfig['costs'], { kind: 'pools' }>;

const BASE: Token = { chainId: 1, address: '0x0000000000000000000000000000000000000001', symbol: 'BASE', decimals: 18 };
const QUOTE: Token = {
  chainId: 1,
  address: '0x0000000000000000000000000000000000000002',
  symbol: 'QUOTE',
  decimals: 18,
};
const UNIT = 1e18;
const Q96 = 2n ** 96n;
/** Sizes at which the curve is sampled, as shares of the depth of all pools. */
const SAMPLES = [1e-5, 1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.2] as const;

/**
 * The router's cost curve over pools that stand at the spot, with so many units of the underlying on one side each. It is
 * measured once at a spot of 1: arbitrage keeps the pools at the market's price and their depth in units is constant, so
 * that the cost of a size moves in proportion to the spot.
 */
export function poolCosts({ pools }: PoolsConfig): TradingCosts {
  const depth = pools.reduce((sum, { depthUnits }) => sum + depthUnits, 0);
  const atoms = BigInt(Math.round(depth * 10)) * 10n ** 18n;
  const request = {
    baseTokens: [BASE],
    quoteTokens: [QUOTE],
    pools: pools.map(poolOf),
    bridges: [],
    inventories: [
      { token: BASE, atoms },
      { token: QUOTE, atoms },
    ],
    gasPriceWei: { 1: 0n },
    nativePrice: { 1: '1' },
    referencePrice: '1',
    timeAtRisk: { kind: 'price', bpsPerHour: '0' },
    slippageBps: 50,
  } as const;
  const sizes = SAMPLES.map((share) => share * depth);
  const curve = (side: 'buy' | 'sell') => costCurve({ ...request, side }, sizes);
  return costsOfCurves(curve('buy'), curve('sell'));
}

function poolOf(pool: PoolsConfig['pools'][number], index: number): Pool {
  const base = {
    id: `pool-${index}`,
    adapter: 'backtest',
    chainId: 1,
    tokens: [BASE, QUOTE] as const,
    gas: { base: 0n, perTick: 0n },
    asOf: { source: 'backtest', timeSeconds: 0 },
    payload: null,
  };
  const feePpm = Math.round(pool.feeBps * 100);
  const reserve = BigInt(Math.round(pool.depthUnits * UNIT));
  if (pool.kind === 'constant-product') {
    return { ...base, curve: { kind: 'constant-product', reserves: [reserve, reserve], feePpm } };
  }
  // In range from 1/(1 + r) to 1 + r: the units on one side are L·(1 − 1/√(1 + r)).
  const edge = Math.max(1, Math.round(Math.log(1 + pool.rangePercent / 100) / Math.log(1.0001)));
  const liquidity = BigInt(Math.round((pool.depthUnits / (1 - 1.0001 ** (-edge / 2))) * UNIT));
  return {
    ...base,
    curve: {
      kind: 'concentrated',
      sqrtPriceX96: Q96,
      tick: 0,
      liquidity,
      tickSpacing: 1,
      feePpm,
      ticks: [
        { index: -edge, liquidityNet: liquidity },
        { index: edge, liquidityNet: -liquidity },
      ],
      tickRange: { low: -edge - 1, high: edge + 1 },
    },
  };
}
