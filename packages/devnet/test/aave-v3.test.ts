import { startWorld } from '../src/index.js';
import type { AaveV3Contracts, Actors, World, WorldChain } from '../src/index.js';
import { approve, balanceOf, send, view } from './support.js';

const E6 = 10n ** 6n;
const E18 = 10n ** 18n;
const ACCOUNT = 'getUserAccountData(address) view returns (uint256,uint256,uint256,uint256,uint256,uint256)';
const LIQUIDATE = 'liquidationCall(address,address,address,uint256,bool)';

let world: World;
let chain: WorldChain;
let aave: AaveV3Contracts;
let actors: Actors;

beforeAll(async () => {
  world = await startWorld({ chains: 1, parts: ['aave-v3'] });
  [chain] = world.chains as [WorldChain];
  aave = chain.parts.aaveV3!;
  actors = await world.startActors({ only: [] });
}, 120_000);
afterAll(() => world?.close());

test('who borrows too much of what falls is liquidated, with a bonus', async () => {
  const { maker, trader } = world.accounts;
  const { USDC, WETH } = chain.tokens;
  await approve(chain, trader, WETH, aave.pool, 10n * E18);
  await send(chain, trader, aave.pool, 'supply(address,uint256,address,uint16)', [
    ...[WETH.address, 10n * E18, trader.address, 0],
  ]);
  await send(chain, trader, aave.pool, 'borrow(address,uint256,uint256,uint16,address)', [
    ...[USDC.address, 20_000n * E6, 2, 0, trader.address],
  ]);
  const [collateral, debt, , threshold, , health] = await view(chain, aave.pool, ACCOUNT, [trader.address]);
  expect([collateral, debt, threshold]).toEqual([30_000n * 10n ** 8n, 20_000n * 10n ** 8n, 8300n]);
  expect(health).toBe((30_000n * 83n * E18) / 2_000_000n);

  await approve(chain, maker, USDC, aave.pool, 10_000n * E6);
  const args = [WETH.address, USDC.address, trader.address, 10_000n * E6, false];
  await expect(send(chain, maker, aave.pool, LIQUIDATE, args)).rejects.toThrow();
  // Ten ETH at 83 % back 20,000 dollars down to 2,409.64.
  actors.arbitrageur.setPrice(2_400);
  await actors.feedKeeper.tick();
  const before = await balanceOf(chain, WETH, maker.address);
  await send(chain, maker, aave.pool, LIQUIDATE, args, { gasLimit: 2_000_000n });
  const gained = (await balanceOf(chain, WETH, maker.address)) - before;
  // 10,000 dollars and 5 % on top, at 2,400: 4.375 ETH, rounded down.
  expect(gained).toBe(4_375n * 10n ** 15n - 1n);
});
