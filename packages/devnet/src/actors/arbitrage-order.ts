import { Interface } from 'ethers';
import { sqrtPriceX96 } from '../build/price-math.js';
import { MAX_UINT256 } from '../build/protocols.js';
import type { UniswapV2Pool, UniswapV3Pool, UniswapV4Pool } from '../pools.js';
import type { Address, Token, WorldChain } from '../world.js';
import type { ArbitragedPool } from './actors.js';
import { idleBand, optimalProductInput, partOfTheWay, productOutput } from './arbitrage-math.js';
import type { Parity, ProductMarket } from './arbitrage-math.js';
import { read } from './contract.js';

const V2 = new Interface([
  'function getReserves() view returns (uint112, uint112, uint32)',
  'function swapExactTokensForTokens(uint256,uint256,address[],address,uint256) returns (uint256[])',
]);
const V3 = new Interface([
  'function slot0() view returns (uint160, int24, uint16, uint16, uint16, uint8, bool)',
  'function exactInputSingle((address,address,uint24,address,uint256,uint256,uint160)) payable returns (uint256)',
]);
const V4 = new Interface([
  'function getSlot0(bytes32) view returns (uint160, int24, uint24, uint24)',
  'function swap((address,address,uint24,int24,address),(bool,int256,uint160),(bool,bool),bytes) payable returns (int256)',
]);

const ETH_WEI = 10n ** 18n;
const V2_FEE_PIPS = 3_000;
/** Settings of the V4 router: ERC-20 transfers, not claims that stay with the pool manager. */
const PLAIN_TRANSFERS = [false, false] as const;

interface V2Quote {
  readonly kind: 'uniswap-v2';
  readonly pool: UniswapV2Pool;
  readonly rootPriceX96: bigint;
  readonly reserve0: bigint;
  readonly reserve1: bigint;
}

/** What a pool asks before a trade. */
export type Quote =
  | V2Quote
  | { readonly kind: 'uniswap-v3'; readonly pool: UniswapV3Pool; readonly rootPriceX96: bigint }
  | { readonly kind: 'uniswap-v4'; readonly pool: UniswapV4Pool; readonly rootPriceX96: bigint };

/** A trade that pays. */
export interface Order {
  readonly quote: Quote;
  readonly tokenIn: Token;
  readonly tokenOut: Token;
  readonly zeroForOne: boolean;
  /** Root price at which the pool's marginal price after its fee is the outside price. */
  readonly limitX96: bigint;
  readonly parity: Parity;
}

/** A transaction's target and input. */
export interface Call {
  readonly to: Address;
  readonly data: string;
}

/** The Uniswap pools of WETH and USDC. */
export function watchedPools(chain: WorldChain): readonly ArbitragedPool[] {
  const { USDC, WETH } = chain.tokens;
  return chain.pools.filter((pool): pool is ArbitragedPool => {
    const pair = [pool.token0.address, pool.token1.address];
    return pool.kind !== 'balancer-weighted' && pair.includes(WETH.address) && pair.includes(USDC.address);
  });
}

export async function quotePool(chain: WorldChain, pool: ArbitragedPool): Promise<Quote> {
  switch (pool.kind) {
    case 'uniswap-v2': {
      const reserves = await read(chain, pool.address, V2, 'getReserves');
      const [reserve0, reserve1] = reserves as readonly [bigint, bigint];
      return { kind: pool.kind, pool, rootPriceX96: sqrtPriceX96(reserve0, reserve1), reserve0, reserve1 };
    }
    case 'uniswap-v3': {
      const [rootPriceX96] = await read(chain, pool.address, V3, 'slot0');
      return { kind: pool.kind, pool, rootPriceX96: rootPriceX96 as bigint };
    }
    case 'uniswap-v4': {
      const [rootPriceX96] = await read(chain, chain.contracts.uniswapV4StateView, V4, 'getSlot0', [pool.id]);
      return { kind: pool.kind, pool, rootPriceX96: rootPriceX96 as bigint };
    }
  }
}

/**
 * What brings the pool back to the outside price, or nothing while its fee eats the difference.
 *
 * @param share of the way to where the trade would stop that it goes at most, in logarithms of the price; above 0 up to 1
 */
export function orderFor(
  chain: WorldChain,
  quote: Quote,
  usdcAtomsPerEth: bigint,
  share: number = 1,
): Order | undefined {
  const { token0, token1 } = quote.pool;
  const feePips = quote.kind === 'uniswap-v2' ? V2_FEE_PIPS : quote.pool.feePips;
  const outside: Parity =
    token0.address === chain.tokens.WETH.address
      ? { atoms0: ETH_WEI, atoms1: usdcAtomsPerEth }
      : { atoms0: usdcAtomsPerEth, atoms1: ETH_WEI };
  const { rootPriceX96: root } = quote;
  const whole = idleBand(outside, feePips);
  const zeroForOne = root > whole.highX96;
  if (!zeroForOne && root >= whole.lowX96) return undefined;
  const parity = partOfTheWay(outside, root, zeroForOne ? whole.highX96 : whole.lowX96, share);
  const { highX96, lowX96 } = idleBand(parity, feePips);
  return zeroForOne
    ? { quote, parity, zeroForOne, tokenIn: token0, tokenOut: token1, limitX96: highX96 }
    : { quote, parity, zeroForOne, tokenIn: token1, tokenOut: token0, limitX96: lowX96 };
}

/**
 * The transaction of an order, or nothing when what would come out is less than an atom. V3 and V4 are offered all that is
 * held and stop at the limit by themselves; for V2 the amount is computed.
 *
 * @param held atoms of the token that goes in
 */
export function encodeOrder(chain: WorldChain, order: Order, trader: Address, held: bigint): Call | undefined {
  const { limitX96, quote, tokenIn, tokenOut, zeroForOne } = order;
  switch (quote.kind) {
    case 'uniswap-v2':
      return encodeV2(chain, order, quote, trader, held);
    case 'uniswap-v3': {
      const swap = [tokenIn.address, tokenOut.address, quote.pool.feePips, trader, held, 0n, limitX96];
      return { to: chain.contracts.uniswapV3SwapRouter02, data: V3.encodeFunctionData('exactInputSingle', [swap]) };
    }
    case 'uniswap-v4': {
      const { currency0, currency1, fee, hooks, tickSpacing } = quote.pool.key;
      const key = [currency0, currency1, fee, tickSpacing, hooks];
      // A negative amount is an exact input.
      const args = [key, [zeroForOne, -held, limitX96], PLAIN_TRANSFERS, '0x'];
      return { to: chain.contracts.uniswapV4PoolSwapTest, data: V4.encodeFunctionData('swap', args) };
    }
  }
}

function encodeV2(
  chain: WorldChain,
  { parity, tokenIn, tokenOut, zeroForOne }: Order,
  { reserve0, reserve1 }: V2Quote,
  trader: Address,
  held: bigint,
): Call | undefined {
  const { atoms0, atoms1 } = parity;
  const [reserveIn, reserveOut] = zeroForOne ? [reserve0, reserve1] : [reserve1, reserve0];
  const [atomsIn, atomsOut] = zeroForOne ? [atoms0, atoms1] : [atoms1, atoms0];
  const market: ProductMarket = { reserveIn, reserveOut, feePips: V2_FEE_PIPS };
  const wanted = optimalProductInput(market, { atomsIn, atomsOut });
  const amountIn = wanted < held ? wanted : held;
  if (amountIn <= 0n) return undefined;
  const amountOut = productOutput(market, amountIn);
  if (amountOut === 0n) return undefined;
  // Exactly what these reserves give: if somebody trades first, this reverts and the next pass looks again.
  const args = [amountIn, amountOut, [tokenIn.address, tokenOut.address], trader, MAX_UINT256];
  return { to: chain.contracts.uniswapV2Router, data: V2.encodeFunctionData('swapExactTokensForTokens', args) };
}
