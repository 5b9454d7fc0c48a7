import { type PositionReading, type Token, valuePosition } from '@evenkeel/core';

import { revalue, uniswapV3Price } from '../../src/revalue/index.js';
import { uniswapV3Positions } from '../../src/uniswap-v3/index.js';
import { deploy } from '../support/deploy.js';
import { type Bench, openBench, patient } from './bench.js';

// A real position in a real pool, valued twice: by the closed form from what the manager says, and by a view that knows
// the value at the pool's price, while that price is bumped in the pool's slot 0 by state override.

jest.setTimeout(60_000);

let bench: Bench;
let weth: Token;
let usdc: Token;
beforeAll(async () => {
  bench = await openBench();
  ({ WETH: weth, USDC: usdc } = bench.local.tokens);
});
afterAll(() => bench?.close());

type Known = Extract<PositionReading, { status: 'known' }>;
type Concentrated = Extract<Known['position'], { kind: 'concentrated-liquidity' }>;

const LOG_TICK = Math.log(1.0001);
const rootOf = (tick: number): bigint => BigInt(Math.round(Math.exp((LOG_TICK * tick) / 2) * 2 ** 60)) << 36n;

/** The pool's own price, numeraire per WETH. */
function spotOf({ decimals, sqrtPriceX96, underlyingIndex }: Concentrated): number {
  const perFirst = (Number(sqrtPriceX96) / 2 ** 96) ** 2 * 10 ** (decimals[0] - decimals[1]);
  return underlyingIndex === 0 ? perFirst : 1 / perFirst;
}

test('bumping slot 0 of a real pool finds the delta and gamma of the closed form, for every position of it', async () => {
  const { multicall3, uniswapV3Factory, uniswapV3PositionManager } = bench.local.contracts;
  const source = uniswapV3Positions({
    chain: bench.chain,
    positionManager: uniswapV3PositionManager,
    factory: uniswapV3Factory,
    underlying: weth,
    numeraires: [usdc],
  });
  const readings = (await source.read(bench.provider, patient())) as readonly Known[];
  const pools = bench.local.pools.filter(
    (pool) =>
      pool.kind === 'uniswap-v3' &&
      [pool.token0, pool.token1].every(({ address }) => [weth.address, usdc.address].includes(address)),
  );
  expect(pools).toHaveLength(2);
  let compared = 0;
  let inRange = 0;
  let unmeasured = 0;
  for (const pool of pools) {
    if (pool.kind !== 'uniswap-v3') throw new Error(pool.kind);
    const underlyingIndex = pool.token0.address === weth.address ? 0 : 1;
    const valuer = await deploy(
      bench.local,
      bench.trader,
      'RangeValuer',
      ['address', 'address', 'uint256', 'uint256'],
      [pool.address, uniswapV3PositionManager, underlyingIndex, 10n ** 18n],
    );
    const slot0 = BigInt(String(await bench.local.rpc('eth_getStorageAt', [pool.address, '0x0', 'latest'])));
    for (const { id, position } of readings) {
      if (position.kind !== 'concentrated-liquidity') throw new Error(position.kind);
      // A position of another pool would be valued at this one's price.
      if ((slot0 & (2n ** 160n - 1n)) !== position.sqrtPriceX96) continue;
      const [measured] = await revalue({
        chain: bench.chain,
        id: `range-${id}`,
        label: 'A range',
        value: {
          to: valuer,
          signature: 'function valueOf(uint256, uint256, uint256) view returns (uint256)',
          args: [BigInt(id.split(':').at(-1)!), rootOf(position.tickLower), rootOf(position.tickUpper)],
          decimals: 18,
        },
        price: { to: valuer, signature: 'function price() view returns (uint256)', decimals: 18 },
        bump: uniswapV3Price({ address: pool.address, underlyingIndex }),
        bumpShare: 0.001,
        multicall3,
      }).read(bench.provider, patient());
      if (measured!.status === 'unknown') {
        // An end of the range within the bump; or all in the other token, which no price moves: unknown, never zero.
        const { deltaUnits } = valuePosition({ ...position, owed: [0n, 0n] }, spotOf(position), 0);
        expect(measured!.reason).toContain(deltaUnits === 0 ? 'at every price' : 'kink');
        unmeasured++;
        continue;
      }
      if (measured!.position.kind !== 'measured') throw new Error(measured!.position.kind);
      const spot = Number(measured!.position.spot);
      const closed = valuePosition({ ...position, owed: [0n, 0n] }, spot, 0);
      const found = valuePosition(measured!.position, spot, 0);
      const near = (key: 'value' | 'deltaUnits' | 'gammaPerUnit', share: number): void =>
        expect(Math.abs(found[key] - closed[key])).toBeLessThanOrEqual(share * Math.abs(closed[key]) + 1e-9);
      near('value', 1e-8);
      near('deltaUnits', 1e-6);
      // Beyond the range there is none.
      near('gammaPerUnit', 1e-4);
      if (closed.gammaPerUnit !== 0) inRange++;
      compared++;
    }
    // Nothing of it has reached the chain.
    const after = BigInt(String(await bench.local.rpc('eth_getStorageAt', [pool.address, '0x0', 'latest'])));
    expect(after).toBe(slot0);
  }
  expect(inRange).toBeGreaterThan(2);
  expect(compared).toBeGreaterThanOrEqual(5);
  expect(unmeasured).toBeLessThanOrEqual(3);
});
