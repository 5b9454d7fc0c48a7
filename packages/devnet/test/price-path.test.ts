import { type Actors, startWorld, type World, type WorldChain } from '../src/index.js';
import { view } from './support.js';

jest.setTimeout(120_000);

let world: World;
let actors: Actors;
let chain: WorldChain;

beforeAll(async () => {
  world = await startWorld({ chains: 1, parts: ['perp-v2', 'lyra', 'aave-v3', 'oneinch-lop', 'synthetix-perps'] });
  actors = await world.startActors({ only: [] });
  [chain] = world.chains as [WorldChain];
}, 180_000);
afterAll(() => world?.close());

const Q96 = 2 ** 96;

/** What each part of the world says that ether costs. */
async function prices(): Promise<Readonly<Record<string, number>>> {
  const { contracts, parts, pools, tokens } = chain;
  const { aaveV3, lyra, perpV2, synthetixPerps } = parts;
  const ask = (to: string, signature: string, args: readonly unknown[] = []) =>
    view(chain, to as `0x${string}`, signature, args);
  const wethIsFirst = tokens.WETH.address.toLowerCase() < tokens.USDC.address.toLowerCase();
  const pool = pools.find(
    (each) => each.kind === 'uniswap-v3' && each.token0.symbol !== 'USDT' && each.token1.symbol !== 'USDT',
  )!;
  const slot0 = 'slot0() view returns (uint160,int24,uint16,uint16,uint16,uint8,bool)';
  const root = Number((await ask((pool as { address: string }).address, slot0))[0]) / Q96;
  const perpRoot = Number((await ask(perpV2!.pool, slot0))[0]) / Q96;
  const quoter = 'getAmountsOut(uint256,address[]) view returns (uint256[])';
  const path = [tokens.WETH.address, tokens.USDC.address];
  const sold = (await ask(contracts.uniswapV2Router, quoter, [10n ** 15n, path])) as readonly bigint[];
  const spot = 'getSpotPriceForMarket(address) view returns (uint256)';
  const rest = (await actors.orderMaker.orders(chain.id)).map(({ order }) =>
    order.makerAsset.toLowerCase() === tokens.WETH.address.toLowerCase()
      ? (Number(order.takingAmount) / Number(order.makingAmount)) * 1e12
      : (Number(order.makingAmount) / Number(order.takingAmount)) * 1e12,
  );
  return {
    'uniswap v3': (wethIsFirst ? root ** 2 : 1 / root ** 2) * 1e12,
    // Without its fee.
    'uniswap v2': Number(sold[1]) / 1e3 / 0.997,
    'perp v2, its pool': perpRoot ** 2,
    'perp v2, its feed': Number(await ask(perpV2!.aggregator, 'latestAnswer() view returns (int256)')) / 1e8,
    lyra: Number(await ask(lyra!.synthetixAdapter, spot, [lyra!.optionMarket])) / 1e18,
    aave:
      Number(await ask(aaveV3!.oracle, 'getAssetPrice(address) view returns (uint256)', [tokens.WETH.address])) / 1e8,
    synthetix: Number((await ask(synthetixPerps!.market, 'assetPrice() view returns (uint256,bool)'))[0]) / 1e18,
    'lowest order': Math.min(...rest),
    'highest order': Math.max(...rest),
  };
}

test('one path takes every pool, feed, perpetual and resting order of all venues with it', async () => {
  const start = await world.clockSeconds();
  const path = [3_100, 2_650, 3_350];
  for (const [at, price] of path.entries()) {
    await actors.moveTo({ seconds: start + (at + 1) * 8 * 3_600, price });
    for (const [where, said] of Object.entries(await prices())) {
      // Pools stay within their fees; orders rest within a third of a percent.
      expect([where, said, Math.abs(said / price - 1) < 0.004]).toEqual([where, said, true]);
    }
  }
  expect(await world.clockSeconds()).toBeGreaterThanOrEqual(start + 3 * 8 * 3_600);
});
