import type { BookExposure, Position, PositionReading, Token } from '@evenkeel/core';
import { assembleExposures } from '@evenkeel/core/exposure';
import { Interface } from 'ethers';
import { uniswapV2Positions } from '../../src/uniswap-v2/index.js';
import { uniswapV3Positions } from '../../src/uniswap-v3/index.js';
import { uniswapV4Positions } from '../../src/uniswap-v4/index.js';
import { type Bench, erc20, FAR_DEADLINE, fillOf, openBench, patient } from './bench.js';

// A pool of two tokens that both move. The world's second token is a dollar; here it is said to follow another currency,
// which is worth 1.25 numeraire: nothing of the contracts changes, and the book has two factors.

jest.setTimeout(60_000);

const OTHER = 'EUR';
const OTHER_SPOT = 1.25;
const manager = new Interface([
  'function decreaseLiquidity((uint256,uint128,uint256,uint256,uint256)) returns (uint256, uint256)',
]);
const router = new Interface([
  'function removeLiquidity(address,address,uint256,uint256,uint256,address,uint256) returns (uint256, uint256)',
]);

let bench: Bench;
let weth: Token;
let other: Token;
let usdt: Token;
beforeAll(async () => {
  bench = await openBench();
  ({ WETH: weth, USDC: other, USDT: usdt } = bench.local.tokens);
});
afterAll(() => bench?.close());

const market = () => ({
  chain: bench.chain,
  underlying: weth,
  numeraires: [usdt],
  moving: [{ token: other, underlying: OTHER }],
});
const v2 = () => uniswapV2Positions({ ...market(), factory: bench.local.contracts.uniswapV2Factory });
const v3 = () =>
  uniswapV3Positions({
    ...market(),
    factory: bench.local.contracts.uniswapV3Factory,
    positionManager: bench.local.contracts.uniswapV3PositionManager,
  });
const v4 = () =>
  uniswapV4Positions({
    ...market(),
    stateView: bench.local.contracts.uniswapV4StateView,
    positionManager: bench.local.contracts.uniswapV4PositionManager,
  });

type Liquidity = Extract<Position, { kind: 'concentrated-liquidity' | 'constant-product-liquidity' }>;

interface Held {
  readonly reading: PositionReading;
  readonly position: Liquidity;
}

async function held(source: ReturnType<typeof v3>): Promise<readonly Held[]> {
  const readings = await source.read(bench.provider, patient());
  return readings.map((reading) => {
    if (reading.status !== 'known') throw new Error(reading.reason);
    return { reading, position: reading.position as Liquidity };
  });
}

/** Units of the other currency for one WETH, as the pool has it. */
function poolPrice(position: Liquidity): number {
  const root =
    position.kind === 'concentrated-liquidity'
      ? (Number(position.sqrtPriceX96) / 2 ** 96) ** 2
      : Number(position.amounts[1]) / Number(position.amounts[0]);
  const perFirst = root * 10 ** (position.decimals[0] - position.decimals[1]);
  return position.underlyingIndex === 0 ? perFirst : 1 / perFirst;
}

function exposureOf({ position, reading }: Held): BookExposure {
  return assembleExposures({
    underlyings: [
      { underlying: 'ETH', spot: (poolPrice(position) * OTHER_SPOT).toPrecision(15) },
      { underlying: OTHER, spot: String(OTHER_SPOT) },
    ],
    readings: [reading],
    inFlight: [],
    nowSeconds: reading.asOf.timeSeconds,
    rules: { maxAgeSeconds: 1e9, staleSharePerHour: '0.25' },
  });
}

const deltasOf = ({ exposures }: BookExposure): readonly number[] => exposures.map(({ delta }) => Number(delta.low));
/** WETH and the other token in units, of two amounts in the order of the pool. */
const inUnits = ({ underlyingIndex, decimals }: Liquidity, amounts: readonly bigint[]): readonly number[] => {
  const units = amounts.map((atoms, i) => Number(atoms) / 10 ** decimals[i]!);
  return underlyingIndex === 0 ? units : [...units].reverse();
};
const ask = async (abi: Interface, name: string, to: string, args: readonly unknown[]): Promise<readonly bigint[]> => {
  const call = { from: bench.provider, to, data: abi.encodeFunctionData(name, args) };
  return abi.decodeFunctionResult(name, String(await bench.local.rpc('eth_call', [call, 'latest']))).toArray();
};

/** What the pool would pay for all of the provider's shares. */
async function withdrawn({ position }: Held): Promise<readonly number[]> {
  const { uniswapV2Router } = bench.local.contracts;
  const [pool] = await bench.pools(bench.v2, [weth, other]);
  const shares = await bench.balance({ ...weth, address: pool!.address! }, bench.provider);
  await bench.send(bench.provider, pool!.address!, erc20.encodeFunctionData('approve', [uniswapV2Router, shares]));
  const tokens = pool!.tokens.map(({ address }) => address);
  const args = [...tokens, shares, 0, 0, bench.provider, FAR_DEADLINE];
  return inUnits(position, await ask(router, 'removeLiquidity', uniswapV2Router, args));
}

const ofPair = (all: readonly Held[]): readonly Held[] =>
  all.filter(({ position }) => position.underlying === undefined);

test('Uniswap V2: both deltas are what withdrawing pays, and the cross term is how a real swap moves them', async () => {
  const [before] = ofPair(await held(v2()));
  const first = exposureOf(before!);
  const paid = await withdrawn(before!);
  deltasOf(first).forEach((delta, i) => expect(delta / paid[i]!).toBeCloseTo(1, 8));
  const [pool] = await bench.pools(bench.v2, [weth, other]);
  if (before!.position.kind !== 'constant-product-liquidity') throw new Error(before!.position.kind);
  const amountIn = before!.position.amounts[0] / 2000n;
  await bench.world.fund(bench.local.tokens[pool!.tokens[0].symbol as 'WETH' | 'USDC'], bench.trader, amountIn);
  await bench.sendAll(bench.trader, bench.v2.build(fillOf(pool!, 0, amountIn, 1n, bench.trader)));
  const [after] = ofPair(await held(v2()));
  const moved = poolPrice(after!.position) - poolPrice(before!.position);
  expect(Math.abs(moved)).toBeGreaterThan(0);
  const slope = (deltasOf(exposureOf(after!))[0]! - deltasOf(first)[0]!) / moved;
  // Δ_ETH moves with p = S_ETH / S_EUR, so that ∂Δ_ETH/∂S_EUR = −p/S_EUR · ∂Δ_ETH/∂p, and S_ETH's is its own gamma.
  const [cross] = first.crossGammas;
  expect(cross!.underlyings).toEqual(['ETH', OTHER]);
  expect(cross!.gammaPerUnit / ((-poolPrice(before!.position) / OTHER_SPOT) * slope)).toBeCloseTo(1, 1);
  expect(first.exposures[0]!.gammaPerUnit / (slope / OTHER_SPOT)).toBeCloseTo(1, 1);
});

test('Uniswap V3: both deltas are what decreaseLiquidity pays and the fees, on either side of the range', async () => {
  const found = await held(v3());
  const pairs = ofPair(found);
  expect(pairs).toHaveLength(8);
  let inRange = 0;
  for (const each of pairs) {
    const { position, reading } = each;
    if (position.kind !== 'concentrated-liquidity') throw new Error(position.kind);
    expect(position.quoteUnderlying).toBe(OTHER);
    const args = [[BigInt(reading.id.split(':').at(-1)!), position.liquidity, 0, 0, FAR_DEADLINE]];
    const amounts = await ask(manager, 'decreaseLiquidity', bench.local.contracts.uniswapV3PositionManager, args);
    const paid = inUnits(
      position,
      amounts.map((atoms, i) => atoms + position.owed[i]!),
    );
    const exposure = exposureOf(each);
    deltasOf(exposure).forEach((delta, i) => expect(Math.abs(delta - paid[i]!)).toBeLessThan(1e-6 * (1 + paid[i]!)));
    const { gammaPerUnit } = exposure.crossGammas[0]!;
    if (paid.every((units) => units > 0)) inRange++;
    expect(gammaPerUnit > 0).toBe(paid.every((units) => units > 0));
  }
  expect(inRange).toBeGreaterThan(0);
  // Without the underlying they are a matter of the other factor alone: here those against a numeraire.
  const rest = found.filter((each) => !pairs.includes(each));
  expect(rest.map(({ position }) => [position.underlying, position.quoteUnderlying])).toEqual(
    rest.map(() => [OTHER, undefined]),
  );
  expect(rest.length).toBe(2);
});

test('Uniswap V4: both tokens are factors', async () => {
  const pairs = ofPair(await held(v4()));
  expect(pairs.length).toBeGreaterThan(0);
  for (const each of pairs) {
    expect(each.position.quoteUnderlying).toBe(OTHER);
    const exposure = exposureOf(each);
    const { crossGammas, exposures } = exposure;
    const [eth, eur] = deltasOf(exposure);
    const [spot, quote] = [poolPrice(each.position) * OTHER_SPOT, OTHER_SPOT];
    // A position is worth its two amounts at any price: the deltas hold its value, and p moves neither along the ray.
    expect(eth! * spot + eur! * quote).toBeCloseTo(exposures[0]!.value, 4);
    expect(exposures[0]!.gammaPerUnit * spot + crossGammas[0]!.gammaPerUnit * quote).toBeCloseTo(0, 9);
  }
});

test('one factor that nobody has named leaves it unknown, towards no more than what it may move with', async () => {
  const { chain, underlying } = market();
  const blind = { ...market(), chain, underlying, numeraires: [] };
  const { uniswapV3Factory, uniswapV3PositionManager } = bench.local.contracts;
  const source = uniswapV3Positions({ ...blind, factory: uniswapV3Factory, positionManager: uniswapV3PositionManager });
  const unknown = (await source.read(bench.provider, patient())).filter(({ status }) => status === 'unknown');
  expect(unknown).toHaveLength(2);
  expect(unknown).toEqual(unknown.map((each) => ({ ...each, underlyings: [OTHER] })));
});
