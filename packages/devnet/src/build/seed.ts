import { AbiCoder, getCreate2Address, getCreateAddress, keccak256, solidityPacked } from 'ethers';
import type { BalancerWeightedPool, Pool, UniswapV2Pool, UniswapV3Pool, UniswapV4Pool } from '../pools.js';
import type { Address, Hex, Token } from '../world.js';
import { ACCOUNTS } from './accounts.js';
import type { Builder } from './builder.js';
import type { CowBalancerContracts } from './cow-balancer.js';
import { liquidityFor, sqrtPriceX96, tickAt } from './price-math.js';
import {
  MAX_UINT160,
  MAX_UINT256,
  MAX_UINT48,
  PERMIT2_ADDRESS,
  V2_PAIR_INIT_CODE_HASH,
  V3_POOL_INIT_CODE_HASH,
  ZERO_ADDRESS,
} from './protocols.js';
import { randomStream } from './random.js';
import { mint } from './tokens.js';
import type { ChainTokens } from './tokens.js';
import type { UniswapContracts } from './uniswap.js';

const provider = ACCOUNTS.liquidityProvider.address;
const coder = AbiCoder.defaultAbiCoder();

/** Price of one ETH in USDC that all pools are laid around. */
export const ETH_PRICE_USDC = 3_000;
/** Pools start at most so far from it: less than any pool's fee, so that there is nothing to arbitrage. */
const PRICE_NOISE = 0.0002;
/** How deep a venue's pool is on the chain whose turn it is: rotated by chain, venue and seed, so that no chain is best at all. */
const DEPTHS = [1, 0.4, 2.2] as const;

/** Liquidity between two ticks, given as distances from the current one. */
interface Range {
  readonly below: number;
  readonly above: number;
  /** ETH on each side that is within the range. */
  readonly eth: number;
}

/** Wide, medium and narrow ranges and one to each side, so that a large trade crosses ticks of different liquidity. */
const FINE_RANGES: readonly Range[] = [
  { below: -6_000, above: 6_000, eth: 120 },
  { below: -900, above: 900, eth: 90 },
  { below: -150, above: 150, eth: 40 },
  { below: 250, above: 700, eth: 25 },
  { below: -650, above: -200, eth: 25 },
];
const COARSE_RANGES: readonly Range[] = [
  { below: -12_000, above: 12_000, eth: 150 },
  { below: -1_800, above: 1_800, eth: 60 },
  { below: 600, above: 1_500, eth: 20 },
];
const STABLE_RANGES: readonly Range[] = [
  { below: -100, above: 100, eth: 100 },
  { below: -10, above: 10, eth: 200 },
];

export interface SeedContext {
  readonly builder: Builder;
  readonly tokens: ChainTokens;
  readonly contracts: UniswapContracts & CowBalancerContracts;
  readonly seed: number;
}

/** Opens the pools of one chain and fills them. The same seed gives the same pools to the atom. */
export async function seedPools(context: SeedContext): Promise<readonly Pool[]> {
  const { builder, contracts, tokens } = context;
  const market = createMarket(context);
  stockProvider(context);
  await builder.flush();
  const ethUsdc = [tokens.WETH, tokens.USDC] as const;
  const stable = [tokens.USDC, tokens.USDT] as const;
  const v3 = (pair: TokenPair, quote: Market, feePips: number, spacing: number, ranges: readonly Range[]): Pool =>
    seedV3(
      builder,
      contracts.uniswapV3Factory,
      contracts.uniswapV3PositionManager,
      pair,
      quote,
      feePips,
      spacing,
      ranges,
    );
  const v4 = (quote: Market, feePips: number, spacing: number, ranges: readonly Range[]): Pool =>
    seedV4(builder, contracts.uniswapV4PositionManager, ethUsdc, quote, feePips, spacing, ranges);
  const pools: Pool[] = [
    seedV2(builder, contracts, ethUsdc, market.venue(0)),
    v3(ethUsdc, market.venue(1), 500, 10, FINE_RANGES),
    v3(ethUsdc, market.venue(2), 3_000, 60, COARSE_RANGES),
    v3(stable, { ethPrice: 1, depth: 3_000 }, 100, 1, STABLE_RANGES),
    v4(market.venue(2), 500, 10, FINE_RANGES),
    v4(market.venue(0), 3_000, 60, COARSE_RANGES),
  ];
  await builder.flush();
  pools.push(await seedBalancer(builder, contracts, ethUsdc, market.venue(1)));
  await builder.flush();
  return Object.freeze(pools.map((pool) => Object.freeze(pool)));
}

type TokenPair = readonly [base: Token, quote: Token];

/** What one pool is opened with. */
interface Market {
  /** Quote units for one base unit. */
  readonly ethPrice: number;
  /** Factor on all amounts. */
  readonly depth: number;
}

function createMarket({ builder, seed }: SeedContext): { venue(index: number): Market } {
  const random = randomStream(seed * 7_919 + builder.chainId);
  return {
    venue(index: number): Market {
      const turn = (builder.chainId + index + (seed % DEPTHS.length) + DEPTHS.length) % DEPTHS.length;
      const depth = (DEPTHS[turn] as number) * (0.85 + 0.3 * random());
      return { depth, ethPrice: ETH_PRICE_USDC * (1 + (2 * random() - 1) * PRICE_NOISE) };
    },
  };
}

function stockProvider({ builder, contracts, tokens }: SeedContext): void {
  mint(builder, tokens.WETH, provider, 20_000n * 10n ** 18n);
  mint(builder, tokens.USDC, provider, 60_000_000n * 10n ** 6n);
  mint(builder, tokens.USDT, provider, 10_000_000n * 10n ** 6n);
  const spenders = [
    contracts.uniswapV2Router,
    contracts.uniswapV3PositionManager,
    contracts.balancerVault,
    PERMIT2_ADDRESS,
  ];
  for (const token of Object.values(tokens)) {
    for (const spender of spenders)
      builder.send(provider, token.address, 'approve(address,uint256)', [spender, MAX_UINT256]);
    const grant = [token.address, contracts.uniswapV4PositionManager, MAX_UINT160, MAX_UINT48];
    builder.send(provider, PERMIT2_ADDRESS, 'approve(address,address,uint160,uint48)', grant);
  }
}

/** Atoms of `units` of a token, through whole millionths so that no digit of a float is made up. */
function toAtoms(token: Token, units: number): bigint {
  return (BigInt(Math.round(units * 1e6)) * 10n ** BigInt(token.decimals)) / 1_000_000n;
}

interface SortedPair {
  readonly chainId: number;
  readonly token0: Token;
  readonly token1: Token;
}

function sorted([base, quote]: TokenPair): SortedPair {
  const baseFirst = BigInt(base.address) < BigInt(quote.address);
  return baseFirst
    ? { chainId: base.chainId, token0: base, token1: quote }
    : { chainId: base.chainId, token0: quote, token1: base };
}

/** Atoms of both tokens, in the order of their addresses, that `units` of the base token and its counter-value are. */
function sides([base, quote]: TokenPair, market: Market, units: number): readonly [bigint, bigint] {
  const baseAtoms = toAtoms(base, units);
  const quoteAtoms = toAtoms(quote, units * market.ethPrice);
  return BigInt(base.address) < BigInt(quote.address) ? [baseAtoms, quoteAtoms] : [quoteAtoms, baseAtoms];
}

function openingPrice(pair: TokenPair, market: Market): bigint {
  return sqrtPriceX96(...sides(pair, market, 1_000));
}

function seedV2(builder: Builder, contracts: UniswapContracts, pair: TokenPair, market: Market): UniswapV2Pool {
  const pool = sorted(pair);
  const [atoms0, atoms1] = sides(pair, market, 160 * market.depth);
  builder.send(
    provider,
    contracts.uniswapV2Router,
    'addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)',
    [pool.token0.address, pool.token1.address, atoms0, atoms1, 0, 0, provider, MAX_UINT256],
  );
  const salt = keccak256(solidityPacked(['address', 'address'], [pool.token0.address, pool.token1.address]));
  const address = getCreate2Address(contracts.uniswapV2Factory, salt, V2_PAIR_INIT_CODE_HASH) as Address;
  return { kind: 'uniswap-v2', address, ...pool };
}

/** A range on the pool's tick grid, with what it takes of each token. */
function place(pair: TokenPair, market: Market, range: Range, current: number, spacing: number) {
  const grid = (tick: number): number => Math.round(tick / spacing) * spacing;
  const lower = grid(current + range.below);
  const upper = Math.max(grid(current + range.above), lower + spacing);
  const [atoms0, atoms1] = sides(pair, market, range.eth * market.depth);
  // Above the price a range holds token 0 only, below it token 1 only.
  return { lower, upper, atoms0: upper <= current ? 0n : atoms0, atoms1: lower > current ? 0n : atoms1 };
}

function seedV3(
  builder: Builder,
  factory: Address,
  manager: Address,
  pair: TokenPair,
  market: Market,
  feePips: number,
  tickSpacing: number,
  ranges: readonly Range[],
): UniswapV3Pool {
  const pool = sorted(pair);
  const identity = [pool.token0.address, pool.token1.address, feePips];
  const price = openingPrice(pair, market);
  builder.send(provider, manager, 'createAndInitializePoolIfNecessary(address,address,uint24,uint160)', [
    ...identity,
    price,
  ]);
  for (const range of ranges) {
    const { atoms0, atoms1, lower, upper } = place(pair, market, range, tickAt(price), tickSpacing);
    const type = '(address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256)';
    const params = [...identity, lower, upper, atoms0, atoms1, 0, 0, provider, MAX_UINT256];
    builder.send(provider, manager, `mint(${type})`, [params]);
  }
  const salt = keccak256(coder.encode(['address', 'address', 'uint24'], identity));
  const address = getCreate2Address(factory, salt, V3_POOL_INIT_CODE_HASH) as Address;
  return { kind: 'uniswap-v3', address, feePips, tickSpacing, ...pool };
}

const POOL_KEY = 'tuple(address,address,uint24,int24,address)';
/** Actions of the V4 position manager: mint a position, then pay for both its tokens. */
const MINT_AND_SETTLE = '0x020d';
/** The liquidity is what limits the amounts. */
const MAX_UINT128 = 2n ** 128n - 1n;

function seedV4(
  builder: Builder,
  manager: Address,
  pair: TokenPair,
  market: Market,
  feePips: number,
  tickSpacing: number,
  ranges: readonly Range[],
): UniswapV4Pool {
  const pool = sorted(pair);
  const currencies = [pool.token0.address, pool.token1.address] as const;
  const keyTuple = [...currencies, feePips, tickSpacing, ZERO_ADDRESS];
  const price = openingPrice(pair, market);
  builder.send(provider, manager, `initializePool(${POOL_KEY},uint160)`, [keyTuple, price]);
  for (const range of ranges) {
    const placed = place(pair, market, range, tickAt(price), tickSpacing);
    const liquidity = liquidityFor(price, placed, placed.atoms0, placed.atoms1);
    const position = coder.encode(
      [POOL_KEY, 'int24', 'int24', 'uint256', 'uint128', 'uint128', 'address', 'bytes'],
      [keyTuple, placed.lower, placed.upper, liquidity, MAX_UINT128, MAX_UINT128, provider, '0x'],
    );
    const settlement = coder.encode(['address', 'address'], currencies);
    const unlockData = coder.encode(['bytes', 'bytes[]'], [MINT_AND_SETTLE, [position, settlement]]);
    builder.send(provider, manager, 'modifyLiquidities(bytes,uint256)', [unlockData, MAX_UINT256]);
  }
  const [currency0, currency1] = currencies;
  const key = Object.freeze({ currency0, currency1, fee: feePips, tickSpacing, hooks: ZERO_ADDRESS });
  const id = keccak256(coder.encode([POOL_KEY], [keyTuple])) as Hex;
  return { kind: 'uniswap-v4', id, key, feePips, tickSpacing, ...pool };
}

const HALF_WAD = 5n * 10n ** 17n;
/** 0.2 %. */
const BALANCER_FEE_WAD = 2n * 10n ** 15n;
/** Kind of the first join of a weighted pool. */
const JOIN_INIT = 0;

async function seedBalancer(
  builder: Builder,
  contracts: CowBalancerContracts,
  pair: TokenPair,
  market: Market,
): Promise<BalancerWeightedPool> {
  const pool = sorted(pair);
  const tokens = [pool.token0.address, pool.token1.address];
  const { balancerVault, balancerWeightedPoolFactory } = contracts;
  builder.send(provider, balancerWeightedPoolFactory, 'create(string,string,address[],uint256[],uint256,address)', [
    '50 WETH 50 USDC',
    'B-50WETH-50USDC',
    tokens,
    [HALF_WAD, HALF_WAD],
    BALANCER_FEE_WAD,
    ZERO_ADDRESS,
  ]);
  await builder.flush();
  const address = getCreateAddress({ from: balancerWeightedPoolFactory, nonce: 1 }) as Address;
  const [id] = await builder.read(address, 'getPoolId() view returns (bytes32)');
  const amounts = sides(pair, market, 100 * market.depth);
  const userData = coder.encode(['uint256', 'uint256[]'], [JOIN_INIT, amounts]);
  const request = [tokens, amounts, userData, false];
  builder.send(provider, balancerVault, 'joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))', [
    ...[id, provider, provider],
    request,
  ]);
  return {
    kind: 'balancer-weighted',
    address,
    id: id as Hex,
    weight0Wad: HALF_WAD,
    weight1Wad: HALF_WAD,
    feeWad: BALANCER_FEE_WAD,
    ...pool,
  };
}
