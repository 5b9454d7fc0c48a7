import { type Pool, swapExactIn } from '@evenkeel/core';
import { Interface } from 'ethers';
import * as v from 'valibot';
import { type Read, viewCall } from '../../src/uniswap/read.js';
import { type Bench, type Dice, dice, FAR_DEADLINE, fillOf, openBench } from './bench.js';
import { capacity, compareWithQuoter, curveOf, randomRange } from './differential.js';

jest.setTimeout(60_000);

const quoter = new Interface([
  'function quoteExactInputSingle((address,address,uint256,uint24,uint160)) view returns (uint256,uint160,uint32,uint256)',
  'function quoteExactOutputSingle((address,address,uint256,uint24,uint160)) view returns (uint256,uint160,uint32,uint256)',
]);
const manager = new Interface([
  'function mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))',
]);
const STATES = 9;
const AMOUNTS_A_STATE = 40;

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

function feeOf(pool: Pool): number {
  return (pool.payload as { feePpm: number }).feePpm;
}

function ask(pool: Pool, side: 0 | 1, exactIn: boolean, amount: bigint): Read<bigint> {
  const [tokenIn, tokenOut] = [pool.tokens[side].address, pool.tokens[side === 0 ? 1 : 0].address];
  const name = exactIn ? 'quoteExactInputSingle' : 'quoteExactOutputSingle';
  const schema = v.pipe(
    v.looseTuple([v.bigint()]),
    v.transform(([quoted]) => quoted),
  );
  const args = [[tokenIn, tokenOut, amount, feeOf(pool), 0n]];
  return viewCall(quoter, name, bench.local.contracts.uniswapV3QuoterV2, args, schema);
}

async function mintSomewhere(pool: Pool, random: Dice): Promise<void> {
  const { lower, upper } = randomRange(curveOf(pool), random);
  const [token0, token1] = pool.tokens;
  const most = ([0, 1] as const).map(
    (index) => 10n ** BigInt(pool.tokens[index].decimals) * BigInt(random.integer(1, 50)),
  );
  const params = [
    token0.address,
    token1.address,
    feeOf(pool),
    lower,
    upper,
    ...most,
    0,
    0,
    bench.provider,
    FAR_DEADLINE,
  ];
  const data = manager.encodeFunctionData('mint', [params]);
  await bench.send(bench.provider, bench.local.contracts.uniswapV3PositionManager, data);
}

async function swapAndCompare(pool: Pool, side: 0 | 1, percent: number): Promise<void> {
  const amountIn = (capacity(pool, side).amountIn * BigInt(percent)) / 100n + 1n;
  const { amountOut, after } = swapExactIn(pool.curve, side, amountIn);
  const fill = fillOf(pool, side, amountIn, amountOut, bench.trader, bench.world.accounts.stranger.address);
  const before = await bench.balance(fill.tokenOut, fill.recipient);
  await bench.sendAll(bench.trader, bench.v3.build(fill));
  expect((await bench.balance(fill.tokenOut, fill.recipient)) - before).toBe(amountOut);
  expect(await bench.allowance(fill.tokenIn, bench.trader, bench.local.contracts.uniswapV3SwapRouter02)).toBe(0n);
  const now = (await bench.pools(bench.v3)).find(({ id }) => id === pool.id)!;
  const { sqrtPriceX96, tick, liquidity } = curveOf(now);
  expect(after).toMatchObject({ sqrtPriceX96, tick, liquidity });
}

describe('Uniswap V3', () => {
  test('finds the pools that exist, with all fee tiers', async () => {
    const pools = await bench.pools(bench.v3);
    const seeded = bench.local.pools.flatMap((pool) =>
      pool.kind === 'uniswap-v3' ? [pool.address.toLowerCase()] : [],
    );
    expect(pools.map(({ id }) => id).sort()).toEqual(seeded.sort());
  });

  test('the replay equals QuoterV2, and executed swaps equal the replay', async () => {
    const random = dice(3);
    let compared = 0;
    for (let state = 0; state < STATES; state++) {
      for (const pool of await bench.pools(bench.v3)) {
        compared += await compareWithQuoter(bench, pool, random, AMOUNTS_A_STATE, (...args) => ask(pool, ...args));
        if (state % 3 === 1) await mintSomewhere(pool, random);
        else await swapAndCompare(pool, random.side(), random.integer(0, 60));
      }
    }
    expect(compared).toBeGreaterThanOrEqual(1000);
  });

  test('gas is what the pool says', async () => {
    for (const pool of await bench.pools(bench.v3)) {
      for (const side of [0, 1] as const) {
        for (const percent of [0n, 50n]) {
          const amountIn = (capacity(pool, side).amountIn * (percent * 10n + 1n)) / 1000n;
          const { ticksCrossed } = swapExactIn(pool.curve, side, amountIn);
          const receipts = await bench.sendAll(
            bench.trader,
            bench.v3.build(fillOf(pool, side, amountIn, 1n, bench.trader)),
          );
          const spent = receipts.reduce((sum, each) => sum + each.gasUsed, 0n);
          const estimate = pool.gas.base + pool.gas.perTick * BigInt(ticksCrossed);
          expect(Number(spent) / Number(estimate)).toBeGreaterThan(0.7);
          expect(Number(spent) / Number(estimate)).toBeLessThan(1.2);
        }
      }
    }
  });
});
