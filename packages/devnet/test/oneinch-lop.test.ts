import { Signature } from 'ethers';
import { startWorld } from '../src/index.js';
import type { OneinchLopContracts, SignedLimitOrder, World, WorldChain } from '../src/index.js';
import { approve, balanceOf, send, view } from './support.js';

const E18 = 10n ** 18n;
const ORDER = '(uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256)';
const FILL = `fillOrder(${ORDER},bytes32,bytes32,uint256,uint256)`;
const REMAINING = 'rawRemainingInvalidatorForOrder(address,bytes32) view returns (uint256)';

let world: World;
let chain: WorldChain;
let lop: OneinchLopContracts;

beforeAll(async () => {
  world = await startWorld({ chains: 1, parts: ['oneinch-lop'] });
  [chain] = world.chains as [WorldChain];
  lop = chain.parts.oneinchLop!;
}, 120_000);
afterAll(() => world?.close());

const asks = (orders: readonly SignedLimitOrder[]): readonly SignedLimitOrder[] =>
  orders.filter(({ order }) => order.makerAsset === chain.tokens.WETH.address);

const tuple = ({ order }: SignedLimitOrder): readonly bigint[] => Object.values(order).map(BigInt);

function fill(signed: SignedLimitOrder, usdcAtoms: bigint) {
  const { r, yParityAndS } = Signature.from(signed.signature);
  const args = [tuple(signed), r, yParityAndS, usdcAtoms, 0n];
  return send(chain, world.accounts.trader, lop.limitOrderProtocol, FILL, args);
}

test('a part of a resting order is filled at its price, and what remains is known', async () => {
  const { maker, trader } = world.accounts;
  const { USDC, WETH } = chain.tokens;
  const [ask] = asks(lop.orders) as [SignedLimitOrder];
  const { makingAmount, takingAmount } = ask.order;
  const [wethBefore, usdcBefore] = [
    await balanceOf(chain, WETH, trader.address),
    await balanceOf(chain, USDC, maker.address),
  ];
  await approve(chain, trader, USDC, lop.limitOrderProtocol, takingAmount);
  await fill(ask, takingAmount / 3n);
  const got = ((takingAmount / 3n) * makingAmount) / takingAmount;
  expect((await balanceOf(chain, WETH, trader.address)) - wethBefore).toBe(got);
  expect((await balanceOf(chain, USDC, maker.address)) - usdcBefore).toBe(takingAmount / 3n);
  const hash = await view(chain, lop.limitOrderProtocol, `hashOrder(${ORDER}) view returns (bytes32)`, [tuple(ask)]);
  const raw: bigint = await view(chain, lop.limitOrderProtocol, REMAINING, [maker.address, hash]);
  expect(2n ** 256n - 1n - raw).toBe(makingAmount - got);
});

test('orders follow the outside price, and the earlier ones are void', async () => {
  const snapshot = await world.snapshot();
  const actors = await world.startActors({ only: [] });
  const { maker } = world.accounts;
  const { USDC, WETH } = chain.tokens;
  expect(await actors.orderMaker.orders(chain.id)).toEqual(lop.orders);
  actors.arbitrageur.setPrice(2_700);
  await actors.orderMaker.tick();
  const renewed = await actors.orderMaker.orders(chain.id);
  const best = asks(renewed)[0]!.order;
  expect(best.takingAmount * E18).toBe(2_700_540_000n * best.makingAmount);
  expect(actors.events()).toEqual([
    { kind: 'orders-renewed', chainId: chain.id, epoch: 1n, usdcAtomsPerEth: 2_700_000_000n },
  ]);
  await approve(chain, world.accounts.trader, USDC, lop.limitOrderProtocol, 40_000n * 10n ** 6n);
  // The first of both books may be filled many times, the second once.
  for (const old of asks(lop.orders).slice(0, 2)) await expect(fill(old, 1_000_000_000n)).rejects.toThrow();
  for (const young of asks(renewed).slice(0, 2)) await fill(young, 1_000_000_000n);
  await actors.orderMaker.tick();
  expect(actors.events()).toHaveLength(1);
  await world.revert(snapshot);
  expect(await actors.orderMaker.orders(chain.id)).toEqual(lop.orders);
  expect(await balanceOf(chain, WETH, maker.address)).toBeGreaterThan(500n * E18);
});
