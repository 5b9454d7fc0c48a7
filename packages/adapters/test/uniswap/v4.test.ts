import { type Pool, swapExactIn } from '@evenkeel/core';
import { AbiCoder, Interface } from 'ethers';
import * as v from 'valibot';
import { type Read, viewCall } from '../../src/uniswap/read.js';
import { type Bench, type Dice, dice, FAR_DEADLINE, fillOf, openBench } from './bench.js';
import { capacity, compareWithQuoter, curveOf, randomRange } from './differential.js';

jest.setTimeout(60_000);

const KEY = '(address,address,uint24,int24,address)';
const quoter = new Interface([
  `function quoteExactInputSingle((${KEY},bool,uint128,bytes)) view returns (uint256,uint256)`,
  `function quoteExactOutputSingle((${KEY},bool,uint128,bytes)) view returns (uint256,uint256)`,
]);
const manager = new Interface(['function modifyLiquidities(bytes,uint256) payable']);
const permit2 = new Interface([
  'function approve(address,address,uint160,uint48)',
  'function allowance(address,address,address) view returns (uint160,uint48,uint48)',
]);
const coder = AbiCoder.defaultAbiCoder();
const STATES = 14;
const AMOUNTS_A_STATE = 40;

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

function keyOf(pool: Pool): readonly unknown[] {
  const { feePpm, tickSpacing } = pool.payload as { feePpm: number; tickSpacing: number };
  return [pool.tokens[0].address, pool.tokens[1].address, feePpm, tickSpacing, `0x${'0'.repeat(40)}`];
}

function ask(pool: Pool, side: 0 | 1, exactIn: boolean, amount: bigint): Read<bigint> {
  const name = exactIn ? 'quoteExactInputSingle' : 'quoteExactOutputSingle';
  const schema = v.pipe(
    v.tuple([v.bigint(), v.bigint()]),
    v.transform(([quoted]) => quoted),
  );
  const args = [[keyOf(pool), side === 0, amount, '0x']];
  return viewCall(quoter, name, bench.local.contracts.uniswapV4Quoter, args, schema);
}

async function mintSomewhere(pool: Pool, random: Dice): Promise<void> {
  const curve = curveOf(pool);
  const { lower, upper } = randomRange(curve, random);
  const most = 2n ** 128n - 1n;
  const position = coder.encode(
    [KEY, 'int24', 'int24', 'uint256', 'uint128', 'uint128', 'address', 'bytes'],
    [keyOf(pool), lower, upper, curve.liquidity / BigInt(random.integer(2, 40)) + 1n, most, most, bench.provider, '0x'],
  );
  const settlement = coder.encode(['address', 'address'], [pool.tokens[0].address, pool.tokens[1].address]);
  const unlock = coder.encode(['bytes', 'bytes[]'], ['0x020d', [position, settlement]]);
  const data = manager.encodeFunctionData('modifyLiquidities', [unlock, FAR_DEADLINE]);
  await bench.send(bench.provider, bench.local.contracts.uniswapV4PositionManager, data);
}

async function permitted(pool: Pool, side: 0 | 1): Promise<bigint> {
  const { permit2: to, universalRouter } = bench.local.contracts;
  const data = permit2.encodeFunctionData('allowance', [bench.trader, pool.tokens[side].address, universalRouter]);
  const { results } = await bench.chain.read([{ to, data: data as `0x${string}` }]);
  return permit2.decodeFunctionResult('allowance', results[0]!.data)[0] as bigint;
}

async function swapAndCompare(pool: Pool, side: 0 | 1, percent: number): Promise<void> {
  const amountIn = (capacity(pool, side).amountIn * BigInt(percent)) / 100n + 1n;
  const { amountOut, after } = swapExactIn(pool.curve, side, amountIn);
  const fill = fillOf(pool, side, amountIn, amountOut, bench.trader, bench.world.accounts.stranger.address);
  const before = await bench.balance(fill.tokenOut, fill.recipient);
  await bench.sendAll(bench.trader, bench.v4.build(fill));
  expect((await bench.balance(fill.tokenOut, fill.recipient)) - before).toBe(amountOut);
  expect(await bench.allowance(fill.tokenIn, bench.trader, bench.local.contracts.permit2)).toBe(0n);
  expect(await permitted(pool, side)).toBe(0n);
  const now = (await bench.pools(bench.v4)).find(({ id }) => id === pool.id)!;
  const { sqrtPriceX96, tick, liquidity } = curveOf(now);
  expect(after).toMatchObject({ sqrtPriceX96, tick, liquidity });
}

describe('Uniswap V4', () => {
  test('finds the pools that exist, with all common tiers', async () => {
    const pools = await bench.pools(bench.v4);
    const seeded = bench.local.pools.flatMap((pool) => (pool.kind === 'uniswap-v4' ? [pool.id] : []));
    expect(pools.map(({ id }) => id).sort()).toEqual(seeded.sort());
  });

  test('the replay equals V4Quoter, and executed swaps equal the replay', async () => {
    const random = dice(4);
    let compared = 0;
    for (let state = 0; state < STATES; state++) {
      for (const pool of await bench.pools(bench.v4)) {
        compared += await compareWithQuoter(bench, pool, random, AMOUNTS_A_STATE, (...args) => ask(pool, ...args));
        if (state % 3 === 1) await mintSomewhere(pool, random);
        else await swapAndCompare(pool, random.side(), random.integer(0, 60));
      }
    }
    expect(compared).toBeGreaterThanOrEqual(1000);
  });

  test('gas is what the pool says', async () => {
    for (const pool of await bench.pools(bench.v4)) {
      for (const side of [0, 1] as const) {
        for (const percent of [0n, 50n]) {
          const amountIn = (capacity(pool, side).amountIn * (percent * 10n + 1n)) / 1000n;
          const { ticksCrossed } = swapExactIn(pool.curve, side, amountIn);
          const receipts = await bench.sendAll(
            bench.trader,
            bench.v4.build(fillOf(pool, side, amountIn, 1n, bench.trader)),
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
