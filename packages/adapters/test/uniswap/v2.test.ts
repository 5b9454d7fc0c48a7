import { type Address, type Pool, swapExactIn, swapExactOut } from '@evenkeel/core';
import { Interface } from 'ethers';
import * as v from 'valibot';
import { type Read, viewCall } from '../../src/uniswap/read.js';
import { type Bench, dice, fillOf, FAR_DEADLINE, openBench, readMany } from './bench.js';

jest.setTimeout(60_000);

const router = new Interface([
  'function getAmountsOut(uint256, address[]) view returns (uint256[])',
  'function getAmountsIn(uint256, address[]) view returns (uint256[])',
  'function addLiquidity(address, address, uint256, uint256, uint256, uint256, address, uint256)',
]);
const STATES = 20;
const AMOUNTS_A_STATE = 60;

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

async function thePool(): Promise<Pool> {
  const pools = await bench.pools(bench.v2);
  expect(pools).toHaveLength(1);
  return pools[0]!;
}

function reservesOf(pool: Pool): readonly [bigint, bigint] {
  if (pool.curve.kind !== 'constant-product') throw new Error('not a pair');
  return pool.curve.reserves;
}

const amountsSchema = v.pipe(
  v.tuple([v.tuple([v.bigint(), v.bigint()])]),
  v.transform(([amounts]) => amounts),
);

function quote(
  pool: Pool,
  side: 0 | 1,
  amount: bigint,
  name: 'getAmountsOut' | 'getAmountsIn',
): Read<[bigint, bigint]> {
  const path = [pool.tokens[side].address, pool.tokens[side === 0 ? 1 : 0].address];
  return viewCall(router, name, bench.local.contracts.uniswapV2Router, [amount, path], amountsSchema);
}

async function mintMore(pool: Pool, share: bigint): Promise<void> {
  const [reserve0, reserve1] = reservesOf(pool);
  const [token0, token1] = pool.tokens;
  const args = [token0.address, token1.address, reserve0 / share, reserve1 / share, 0, 0, bench.provider, FAR_DEADLINE];
  await bench.send(
    bench.provider,
    bench.local.contracts.uniswapV2Router,
    router.encodeFunctionData('addLiquidity', args),
  );
}

describe('Uniswap V2', () => {
  test('the replay equals the router’s quotes, and executed swaps equal the replay', async () => {
    const random = dice(2);
    let compared = 0;
    for (let state = 0; state < STATES; state++) {
      const pool = await thePool();
      const reserves = reservesOf(pool);
      const cases = Array.from({ length: AMOUNTS_A_STATE }, (_, index) => {
        const side = random.side();
        const exactIn = index % 2 === 0;
        const amount = exactIn
          ? random.amount(reserves[side] * 100n)
          : random.amount(reserves[side === 0 ? 1 : 0] - 1n);
        return { side, exactIn, amount };
      });
      const quoted = await readMany(
        bench.chain,
        cases.map(({ side, exactIn, amount }) => quote(pool, side, amount, exactIn ? 'getAmountsOut' : 'getAmountsIn')),
        AMOUNTS_A_STATE,
      );
      cases.forEach(({ side, exactIn, amount }, index) => {
        const replayed = exactIn ? swapExactIn(pool.curve, side, amount) : swapExactOut(pool.curve, side, amount);
        expect([replayed.amountInUsed, replayed.amountOut]).toEqual(quoted[index]);
        compared++;
      });
      if (state % 4 === 3) await mintMore(pool, BigInt(random.integer(2, 50)));
      else await swapAndCompare(pool, random.side(), random.integer(1, 30));
    }
    expect(compared).toBeGreaterThanOrEqual(1000);
  });

  async function swapAndCompare(pool: Pool, side: 0 | 1, percent: number): Promise<void> {
    const amountIn = (reservesOf(pool)[side] * BigInt(percent)) / 100n;
    const { amountOut, after } = swapExactIn(pool.curve, side, amountIn);
    const fill = fillOf(pool, side, amountIn, amountOut, bench.trader, bench.world.accounts.stranger.address);
    const before = await bench.balance(fill.tokenOut, fill.recipient);
    await bench.sendAll(bench.trader, bench.v2.build(fill));
    expect((await bench.balance(fill.tokenOut, fill.recipient)) - before).toBe(amountOut);
    expect((await thePool()).curve).toEqual(after);
  }

  test('a swap leaves no allowance, and its gas is what the pool says', async () => {
    const pool = await thePool();
    for (const side of [0, 1] as const) {
      const amountIn = reservesOf(pool)[side] / 100n;
      const fill = fillOf(pool, side, amountIn, 1n, bench.trader);
      const receipts = await bench.sendAll(bench.trader, bench.v2.build(fill));
      const gas = receipts.reduce((sum, each) => sum + each.gasUsed, 0n);
      expect(gas).toBeLessThanOrEqual(pool.gas.base);
      expect(Number(gas) / Number(pool.gas.base)).toBeGreaterThan(0.8);
      expect(await bench.allowance(fill.tokenIn, bench.trader, router02())).toBe(0n);
    }
  });

  function router02(): Address {
    return bench.local.contracts.uniswapV2Router;
  }
});
