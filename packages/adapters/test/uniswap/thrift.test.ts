import { type Address, type Hex, NATIVE_ADDRESS, type Pool, swapExactIn, type Token } from '@evenkeel/core';
import { AbiCoder, Interface } from 'ethers';
import { uniswapV4 } from '../../src/uniswap-v4/index.js';
import { type Bench, chainOf, E18, E6, FAR_DEADLINE, fillOf, openBench, patient, venuesOf } from './bench.js';
import { capacity, curveOf } from './differential.js';

jest.setTimeout(60_000);

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

const KEY = '(address,address,uint24,int24,address)';
const coder = AbiCoder.defaultAbiCoder();
const positionManager = new Interface([
  `function initializePool(${KEY}, uint160)`,
  'function modifyLiquidities(bytes, uint256) payable',
]);
const poolManager = new Interface([
  'function owner() view returns (address)',
  'function setProtocolFeeController(address)',
  `function setProtocolFee(${KEY}, uint24)`,
]);
const quoter = new Interface([
  `function quoteExactInputSingle((${KEY},bool,uint128,bytes)) view returns (uint256,uint256)`,
]);

function keyOf(pool: Pool): readonly unknown[] {
  const { feePpm, tickSpacing } = pool.payload as { feePpm: number; tickSpacing: number };
  return [pool.tokens[0].address, pool.tokens[1].address, feePpm, tickSpacing, NATIVE_ADDRESS];
}

async function quoteV4(pool: Pool, side: 0 | 1, amount: bigint): Promise<bigint> {
  const data = quoter.encodeFunctionData('quoteExactInputSingle', [[keyOf(pool), side === 0, amount, '0x']]);
  const answer = await bench.local.rpc('eth_call', [{ to: bench.local.contracts.uniswapV4Quoter, data }, 'latest']);
  return quoter.decodeFunctionResult('quoteExactInputSingle', String(answer))[0] as bigint;
}

/** Adds liquidity of one unit around the price of a V4 pool. */
async function mintV4(key: readonly unknown[], lower: number, upper: number, liquidity: bigint, valueWei = 0n) {
  const most = 2n ** 128n - 1n;
  const position = coder.encode(
    [KEY, 'int24', 'int24', 'uint256', 'uint128', 'uint128', 'address', 'bytes'],
    [key, lower, upper, liquidity, most, most, bench.provider, '0x'],
  );
  const settlement = coder.encode(['address', 'address'], [key[0], key[1]]);
  const unlock = coder.encode(['bytes', 'bytes[]'], ['0x020d', [position, settlement]]);
  const data = positionManager.encodeFunctionData('modifyLiquidities', [unlock, FAR_DEADLINE]);
  await bench.send(bench.provider, bench.local.contracts.uniswapV4PositionManager, data, valueWei);
}

test('a round over all venues takes one request, and at most two when liquidity appears at a new tick', async () => {
  const chain = chainOf(bench.local);
  const venues = Object.values(venuesOf(bench.local, chain));
  const round = async (): Promise<{ requests: number; pools: readonly Pool[] }> => {
    const before = chain.requestCount();
    const request = { chainId: bench.local.id, tokens: bench.tokens, signal: patient() };
    const pools = await Promise.all(venues.map((venue) => venue.liquidity(request)));
    return { requests: chain.requestCount() - before, pools: pools.flat() };
  };
  const cold = await round();
  expect(cold.pools).toHaveLength(6);
  // The first also asks the node for its chain id.
  expect(cold.requests).toBeLessThanOrEqual(5);
  expect((await round()).requests).toBe(1);

  const v4 = cold.pools.find((pool) => pool.adapter === 'uniswap-v4' && curveOf(pool).tickSpacing === 10)!;
  const lower = Math.round(curveOf(v4).tick / 10) * 10 - 130;
  await mintV4(keyOf(v4), lower, lower + 270, curveOf(v4).liquidity / 10n);
  const changed = await round();
  expect(changed.requests).toBe(2);
  const curve = curveOf(changed.pools.find(({ id }) => id === v4.id)!);
  expect(curve.ticks.map(({ index }) => index)).toEqual(expect.arrayContaining([lower, lower + 270]));
  expect((await round()).requests).toBe(1);
});

test('a price that ran away is read around its new place, in two requests', async () => {
  const chain = chainOf(bench.local);
  const { v3 } = venuesOf(bench.local, chain);
  const request = () => ({ chainId: bench.local.id, tokens: bench.tokens, signal: patient() });
  const fine = (pools: readonly Pool[]): Pool => pools.find((pool) => curveOf(pool).tickSpacing === 10)!;
  await v3.liquidity(request());
  const before = fine(await v3.liquidity(request()));
  const eth = before.tokens.findIndex(({ symbol }) => symbol === 'WETH') as 0 | 1;
  const far = (capacity(before, eth).amountIn * 11n) / 10n;
  const snapshot = await bench.world.snapshot();
  await bench.sendAll(bench.trader, v3.build(fillOf(before, eth, far, 1n, bench.trader)));
  const count = chain.requestCount();
  const after = fine(await v3.liquidity(request()));
  expect(Math.abs(curveOf(after).tick - curveOf(before).tick)).toBeGreaterThan(2000);
  expect(chain.requestCount() - count).toBe(2);
  const { tick, tickRange } = curveOf(after);
  expect(tickRange.low).toBeLessThan(tick - 1000);
  expect(tickRange.high).toBeGreaterThan(tick + 1000);
  await bench.world.revert(snapshot);
});

test('V4: protocol fees, other in each direction, are in the replay', async () => {
  const [pool] = await bench.pools(bench.v4);
  const manager = bench.local.contracts.uniswapV4PoolManager;
  const owner = String(
    coder.decode(
      ['address'],
      String(await bench.local.rpc('eth_call', [{ to: manager, data: '0x8da5cb5b' }, 'latest'])),
    )[0],
  ) as Address;
  await bench.local.rpc('anvil_impersonateAccount', [owner]);
  await bench.world.fundNative(bench.local.id, owner, E18);
  await bench.send(owner, manager, poolManager.encodeFunctionData('setProtocolFeeController', [owner]));
  const fees = 1000 + (333 << 12);
  await bench.send(owner, manager, poolManager.encodeFunctionData('setProtocolFee', [keyOf(pool!), fees]));
  const taxed = (await bench.pools(bench.v4)).find(({ id }) => id === pool!.id)!;
  expect(curveOf(taxed).feePpm).not.toBe(curveOf(taxed).feePpmToken1In);
  for (const side of [0, 1] as const) {
    for (const amount of [1n, 12_345n, 10n ** 9n, 10n ** 10n]) {
      expect(swapExactIn(taxed.curve, side, amount).amountOut).toBe(await quoteV4(taxed, side, amount));
    }
  }
});

test('V4: a pool of the native coin under a key from the configuration', async () => {
  const usdc = bench.local.tokens.USDC;
  const native: Token = { chainId: bench.local.id, address: NATIVE_ADDRESS, symbol: 'ETH', decimals: 18 };
  const key = { currency0: NATIVE_ADDRESS, currency1: usdc.address, fee: 700, tickSpacing: 7, hooks: NATIVE_ADDRESS };
  const tuple = Object.values(key);
  // √(3000e6 / 1e18) in Q64.96: 3000 USDC an ETH.
  const price = 4_339_505_179_874_779_672_736_325n;
  const { contracts } = bench.local;
  const open = positionManager.encodeFunctionData('initializePool', [tuple, price]);
  await bench.send(bench.provider, contracts.uniswapV4PositionManager, open);
  const around = -196_256 - (-196_256 % 7);
  await mintV4(tuple, around - 700, around + 700, 10n ** 16n, 200n * E18);
  const { chain } = bench;
  const venue = uniswapV4({
    chains: {
      [chain.id]: {
        chain,
        stateView: contracts.uniswapV4StateView,
        permit2: contracts.permit2,
        universalRouter: contracts.universalRouter,
        universalRouterVersion: '2.0',
        poolKeys: [key],
      },
    },
  });
  const [pool, ...others] = await venue.liquidity({ chainId: chain.id, tokens: [native, usdc], signal: patient() });
  expect(others).toEqual([]);
  const sold = swapExactIn(pool!.curve, 0, E18);
  expect(sold.amountOut).toBeGreaterThan(2_900n * E6);
  const before = await bench.balance(usdc, bench.trader);
  const calls = venue.build(fillOf(pool!, 0, E18, sold.amountOut, bench.trader));
  expect(calls.map(({ purpose, valueWei }) => [purpose, valueWei])).toEqual([['action', E18]]);
  await bench.sendAll(bench.trader, calls);
  expect((await bench.balance(usdc, bench.trader)) - before).toBe(sold.amountOut);

  const stranger = bench.world.accounts.stranger.address;
  const wei = async (): Promise<bigint> =>
    BigInt(String(await bench.local.rpc('eth_getBalance', [stranger, 'latest'])) as Hex);
  const held = await wei();
  const bought = swapExactIn(sold.after, 1, 1000n * E6);
  await bench.sendAll(
    bench.trader,
    venue.build(fillOf(pool!, 1, 1000n * E6, bought.amountOut, bench.trader, stranger)),
  );
  expect((await wei()) - held).toBe(bought.amountOut);
});
