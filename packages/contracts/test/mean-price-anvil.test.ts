import fc from 'fast-check';
import { Interface } from 'ethers/abi';
import { type Hex, observationPlace } from '../src/index.js';
import { clockOf, deployContract, priceProbe, succeed, tryCall } from '../src/local/index.js';
import { openVictim, type Victim } from './support/victim.js';

// The mean price is read from two observations and not by the pool's own search: it must be the same to the tick, whatever has
// been traded and whatever place an order names.

const ETH = 10n ** 18n;
const SEARCH = 65_535;
const abi = new Interface([
  'function meanTick(address pool, uint32 secondsAgo, uint16 hint) view returns (int24)',
  'function observe(uint32[] ago) view returns (int56[] ticks, uint160[] spans)',
  'function slot0() view returns (uint160, int24, uint16, uint16, uint16, uint8, bool)',
  'function approve(address,uint256)',
  'function increaseObservationCardinalityNext(uint16)',
  'function exactInputSingle((address,address,uint24,address,uint256,uint256,uint160)) payable',
]);

let victim: Victim;
let probe: Hex;
let pool: Hex;
beforeAll(async () => {
  victim = await openVictim();
  const { deployer, scene, stranger, world } = victim;
  probe = await deployContract(scene.node, deployer, priceProbe);
  pool = scene.pools[0]!;
  await world.fund(scene.node.tokens.WETH as never, stranger, 1_000n * ETH);
  await world.fund(scene.node.tokens.USDC as never, stranger, 3_000_000n * 10n ** 6n);
  for (const token of [scene.weth, scene.usdc]) {
    const router = scene.node.contracts.uniswapV3SwapRouter02;
    await succeed(scene.node, stranger, token, abi.encodeFunctionData('approve', [router, 2n ** 255n]) as Hex);
  }
}, 60_000);
afterAll(() => victim.close());

async function trade(sell: boolean, size: number): Promise<void> {
  const { scene, stranger } = victim;
  const [tokenIn, tokenOut] = sell ? [scene.weth, scene.usdc] : [scene.usdc, scene.weth];
  const amount = sell ? BigInt(size) * 10n ** 15n : BigInt(size) * 3_000_000n;
  const data = abi.encodeFunctionData('exactInputSingle', [[tokenIn, tokenOut, 500, stranger, amount, 0n, 0n]]);
  await succeed(scene.node, stranger, scene.node.contracts.uniswapV3SwapRouter02, data as Hex);
}

async function read(name: string, to: Hex, values: readonly unknown[]): Promise<readonly unknown[]> {
  const call = { to, data: abi.encodeFunctionData(name, values) };
  return abi.decodeFunctionResult(name, (await victim.scene.node.rpc('eth_call', [call, 'latest'])) as Hex).toArray();
}

/** As the pool says it, rounded toward minus infinity. */
async function meanByPool(secondsAgo: number): Promise<bigint> {
  const [[then, now]] = (await read('observe', pool, [[secondsAgo, 0]])) as [[bigint, bigint]];
  const [change, span] = [now - then, BigInt(secondsAgo)];
  return change / span - (change < 0n && change % span !== 0n ? 1n : 0n);
}

const place = async (twapSeconds: number): Promise<number | undefined> =>
  observationPlace({
    read: async (data) => (await victim.scene.node.rpc('eth_call', [{ to: pool, data }, 'latest'])) as Hex,
    twapSeconds,
    nowSeconds: await clockOf(victim.scene.node),
  });

const trades = fc.array(
  fc.record({
    sell: fc.boolean(),
    size: fc.integer({ min: 1, max: 20_000 }),
    waitSeconds: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1_200 })),
  }),
  { minLength: 1, maxLength: 12 },
);

test('the mean price is that of the pool, whatever was traded and whatever place is named', async () => {
  const { node } = victim.scene;
  await fc.assert(
    fc.asyncProperty(
      trades,
      fc.array(fc.tuple(fc.integer({ min: 1, max: 900 }), fc.oneof(fc.nat({ max: 90 }), fc.constant(SEARCH))), {
        minLength: 12,
        maxLength: 12,
      }),
      async (list, questions) => {
        for (const { sell, size, waitSeconds } of list) {
          await trade(sell, size);
          if (waitSeconds === 0) continue;
          await node.rpc('evm_increaseTime', [waitSeconds]);
          await node.rpc('evm_mine');
        }
        for (const [secondsAgo, hint] of questions) {
          const expected = await meanByPool(secondsAgo);
          const right = (await place(secondsAgo)) ?? SEARCH;
          for (const named of [hint, right, Math.max(0, right - 2)]) {
            expect(await read('meanTick', probe, [pool, secondsAgo, named])).toEqual([expected]);
          }
        }
      },
    ),
    { numRuns: 6 },
  );
}, 60_000);

test('the place that is named is the last one old enough, found again after the ring has gone round', async () => {
  const { node } = victim.scene;
  const observations = new Interface([
    'function observations(uint256) view returns (uint32 madeAt, int56, uint160, bool)',
  ]);
  const age = async (index: number): Promise<number> => {
    const call = { to: pool, data: observations.encodeFunctionData('observations', [index]) };
    const [madeAt] = observations.decodeFunctionResult(
      'observations',
      (await node.rpc('eth_call', [call, 'latest'])) as Hex,
    ) as unknown as [bigint];
    return (await clockOf(node)) - Number(madeAt);
  };
  for (let at = 0; at < 100; at++) {
    await node.rpc('evm_increaseTime', [20]);
    await trade(at % 2 === 0, 3_000);
  }
  const [, , , count] = (await read('slot0', pool, [])).map(Number) as [number, number, number, number];
  expect(count).toBe(80);
  const found = await place(900);
  expect(await age(found!)).toBeGreaterThanOrEqual(900);
  expect(await age((found! + 1) % count)).toBeLessThan(900);
  // Nothing is that old, and everything is that old.
  expect(await place(10_000)).toBeUndefined();
  await node.rpc('evm_increaseTime', [901]);
  await node.rpc('evm_mine');
  expect(await place(900)).toBeUndefined();
});

test('places that are kept for later say nothing, and no price is made of what is too short a past', async () => {
  const { deployer, scene } = victim;
  const { node } = scene;
  const cardinality = abi.encodeFunctionData('increaseObservationCardinalityNext', [120]) as Hex;
  await succeed(node, deployer, pool, cardinality);
  // The ring goes on to its new places with the end of the old ones; what is behind them has never been written.
  const state = async (): Promise<readonly number[]> => (await read('slot0', pool, [])).map(Number);
  for (let at = 0; at < 100 && (await state())[3] !== 120; at++) {
    await node.rpc('evm_increaseTime', [2]);
    await trade(at % 2 === 0, 3_000);
  }
  const [, , newest, count] = (await state()) as [number, number, number, number];
  expect([newest, count]).toEqual([80, 120]);
  // Two seconds apart at the end, twenty before, and a quarter of an hour in between.
  for (const secondsAgo of [3, 40, 100, 300, 900, 1_000, 1_500, 2_000, 9_000]) {
    const expected = await meanByPool(secondsAgo).catch(() => undefined);
    for (const hint of [0, 79, 80, 81, 100, 119, SEARCH]) {
      if (expected === undefined) {
        // The pool's own words: it does not go back that far.
        const data = abi.encodeFunctionData('meanTick', [pool, secondsAgo, hint]) as Hex;
        const answer = await tryCall(node, { from: deployer, to: probe, data });
        expect([hint, answer.success, answer.data.includes('4f4c44')]).toEqual([hint, false, true]);
      } else expect([hint, ...(await read('meanTick', probe, [pool, secondsAgo, hint]))]).toEqual([hint, expected]);
    }
  }
}, 60_000);

test('a mean over no time is no mean: it would be the price of this very moment', async () => {
  await expect(read('meanTick', probe, [pool, 0, SEARCH])).rejects.toThrow();
});
