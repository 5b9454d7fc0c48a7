import { Interface } from 'ethers';
import { MAX_UINT256 } from '../build/protocols.js';
import { sqrtPriceX96 } from '../build/price-math.js';
import { ETH_PRICE_USDC } from '../build/seed.js';
import { DevnetError } from '../errors.js';
import type { UniswapV2Pool } from '../pools.js';
import type { Address, Hex, Token, World, WorldChain } from '../world.js';
import type { ActorEvent, ArbitragedPool } from './actors.js';
import { idleBand, optimalProductInput, productOutput } from './arbitrage-math.js';
import type { Parity, ProductMarket } from './arbitrage-math.js';
import { findEvent, read, reasonOf, submit } from './contract.js';

const ERC20 = new Interface([
  'function balanceOf(address) view returns (uint256)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
]);
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
const USDC_ATOMS = 1_000_000;
const V2_FEE_PIPS = 3_000;
/** Settings of the V4 router: ERC-20 transfers, not claims that stay with the pool manager. */
const PLAIN_TRANSFERS = [false, false] as const;

export interface ArbitrageurCore {
  readonly pass: () => Promise<void>;
  readonly rewind: () => void;
  readonly setPrice: (usdcPerEth: number) => void;
}

/** What is known of a pool before a trade. */
interface Quote {
  readonly rootPriceX96: bigint;
  /** Atoms of token 0 and token 1, on V2. */
  readonly reserves: readonly [bigint, bigint];
}

/** A trade that pays. */
interface Order {
  readonly pool: ArbitragedPool;
  readonly tokenIn: Token;
  readonly tokenOut: Token;
  readonly zeroForOne: boolean;
  /** Where the pool's marginal price after its fee is the outside price. */
  readonly limitX96: bigint;
  readonly quote: Quote;
  readonly parity: Parity;
}

/**
 * Brings every WETH/USDC pool of Uniswap back to an outside price as soon as it is off by more than the pool's fee. It
 * stops where the last atom just earns the outside price, trades from its own stock and pays its gas, whatever that is:
 * it arbitrages to keep prices together, not to profit.
 */
export function createArbitrageur(world: World, emit: (event: ActorEvent) => void): ArbitrageurCore {
  const account = world.accounts.arbitrageur;
  let usdcAtomsPerEth = toUsdcAtoms(ETH_PRICE_USDC);
  /** Chain heads and prices for which there was nothing left to do. */
  const settled = new Map<number, string>();
  const failures = new Map<string, string>();

  const fail = (chain: WorldChain, pool: ArbitragedPool, reason: string): void => {
    const key = `${chain.id}:${nameOf(pool)}`;
    if (failures.get(key) === reason) return;
    failures.set(key, reason);
    emit({ kind: 'arbitrage-failed', chainId: chain.id, venue: pool.kind, pool: nameOf(pool), reason });
  };

  /** Whether the pool is where it should be now. */
  const trade = async (chain: WorldChain, order: Order): Promise<boolean> => {
    const { pool, tokenIn, tokenOut } = order;
    const [held] = await read(chain, tokenIn.address, ERC20, 'balanceOf', [account.address]);
    if (held === 0n) {
      fail(chain, pool, 'no-inventory');
      return false;
    }
    const call = encodeOrder(chain, order, account.address, held as bigint);
    if (call === undefined) return true;
    try {
      const { hash, logs } = await submit(chain, account, call.to, call.data);
      const moved = (token: Token): bigint => findEvent(logs, token.address, ERC20, 'Transfer')?.[2] as bigint;
      failures.delete(`${chain.id}:${nameOf(pool)}`);
      emit({
        kind: 'arbitraged',
        chainId: chain.id,
        venue: pool.kind,
        pool: nameOf(pool),
        tokenIn: tokenIn.address,
        tokenOut: tokenOut.address,
        amountIn: moved(tokenIn),
        amountOut: moved(tokenOut),
        txHash: hash as Hex,
      });
      return true;
    } catch (error) {
      fail(chain, pool, reasonOf(error));
      return false;
    }
  };

  const passChain = async (chain: WorldChain): Promise<void> => {
    const price = usdcAtomsPerEth;
    const head = (await chain.rpc('eth_getBlockByNumber', ['latest', false])) as { readonly hash: Hex };
    const state = `${head.hash}/${price}`;
    if (settled.get(chain.id) === state) return;
    let done = true;
    for (const pool of watchedPools(chain)) {
      const order = orderFor(chain, pool, await quotePool(chain, pool), price);
      if (order !== undefined) done = (await trade(chain, order)) && done;
    }
    if (done) settled.set(chain.id, state);
  };

  return {
    setPrice(usdcPerEth) {
      usdcAtomsPerEth = toUsdcAtoms(usdcPerEth);
    },
    rewind() {
      settled.clear();
      failures.clear();
    },
    async pass() {
      // The chains side by side, and all of them to the end: none may still be trading when the pass is over.
      const results = await Promise.allSettled(world.chains.map(passChain));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

function toUsdcAtoms(usdcPerEth: number): bigint {
  const atoms = Math.round(usdcPerEth * USDC_ATOMS);
  if (Number.isSafeInteger(atoms) && atoms > 0) return BigInt(atoms);
  throw new DevnetError(
    'INVALID_INPUT',
    `The outside price cannot be ${usdcPerEth} USDC for one ETH. Use a number from 0.000001 to 9,000,000,000.`,
    { details: { field: 'usdcPerEth', value: usdcPerEth } },
  );
}

function watchedPools(chain: WorldChain): readonly ArbitragedPool[] {
  const { USDC, WETH } = chain.tokens;
  return chain.pools.filter((pool): pool is ArbitragedPool => {
    const pair = [pool.token0.address, pool.token1.address];
    return pool.kind !== 'balancer-weighted' && pair.includes(WETH.address) && pair.includes(USDC.address);
  });
}

const nameOf = (pool: ArbitragedPool): Hex => (pool.kind === 'uniswap-v4' ? pool.id : pool.address);

async function quotePool(chain: WorldChain, pool: ArbitragedPool): Promise<Quote> {
  switch (pool.kind) {
    case 'uniswap-v2': {
      const [atoms0, atoms1] = (await read(chain, pool.address, V2, 'getReserves')) as readonly [bigint, bigint];
      return { rootPriceX96: sqrtPriceX96(atoms0, atoms1), reserves: [atoms0, atoms1] };
    }
    case 'uniswap-v3': {
      const [rootPriceX96] = (await read(chain, pool.address, V3, 'slot0')) as readonly [bigint];
      return { rootPriceX96, reserves: [0n, 0n] };
    }
    case 'uniswap-v4': {
      const view = chain.contracts.uniswapV4StateView;
      const [rootPriceX96] = (await read(chain, view, V4, 'getSlot0', [pool.id])) as readonly [bigint];
      return { rootPriceX96, reserves: [0n, 0n] };
    }
  }
}

function orderFor(chain: WorldChain, pool: ArbitragedPool, quote: Quote, usdcAtomsPerEth: bigint): Order | undefined {
  const { token0, token1 } = pool;
  const wethFirst = token0.address === chain.tokens.WETH.address;
  const parity: Parity = wethFirst
    ? { atoms0: ETH_WEI, atoms1: usdcAtomsPerEth }
    : { atoms0: usdcAtomsPerEth, atoms1: ETH_WEI };
  const { highX96, lowX96 } = idleBand(parity, pool.kind === 'uniswap-v2' ? V2_FEE_PIPS : pool.feePips);
  const common = { pool, quote, parity };
  if (quote.rootPriceX96 > highX96) {
    return { ...common, zeroForOne: true, tokenIn: token0, tokenOut: token1, limitX96: highX96 };
  }
  if (quote.rootPriceX96 < lowX96) {
    return { ...common, zeroForOne: false, tokenIn: token1, tokenOut: token0, limitX96: lowX96 };
  }
  return undefined;
}

interface Call {
  readonly to: Address;
  readonly data: string;
}

/**
 * The transaction of an order, or nothing when what would come out is less than an atom. V3 and V4 are offered all that is
 * held and stop at the limit by themselves; for V2 the amount is computed.
 */
function encodeOrder(chain: WorldChain, order: Order, trader: Address, held: bigint): Call | undefined {
  const { limitX96, pool, tokenIn, tokenOut, zeroForOne } = order;
  switch (pool.kind) {
    case 'uniswap-v2':
      return encodeV2(chain, pool, order, trader, held);
    case 'uniswap-v3': {
      const swap = [tokenIn.address, tokenOut.address, pool.feePips, trader, held, 0n, limitX96];
      return { to: chain.contracts.uniswapV3SwapRouter02, data: V3.encodeFunctionData('exactInputSingle', [swap]) };
    }
    case 'uniswap-v4': {
      const { currency0, currency1, fee, hooks, tickSpacing } = pool.key;
      const key = [currency0, currency1, fee, tickSpacing, hooks];
      // A negative amount is an exact input.
      const args = [key, [zeroForOne, -held, limitX96], PLAIN_TRANSFERS, '0x'];
      return { to: chain.contracts.uniswapV4PoolSwapTest, data: V4.encodeFunctionData('swap', args) };
    }
  }
}

function encodeV2(
  chain: WorldChain,
  pool: UniswapV2Pool,
  { parity, quote, tokenIn, tokenOut, zeroForOne }: Order,
  trader: Address,
  held: bigint,
): Call | undefined {
  const [reserve0, reserve1] = quote.reserves;
  const market: ProductMarket = zeroForOne
    ? { reserveIn: reserve0, reserveOut: reserve1, feePips: V2_FEE_PIPS }
    : { reserveIn: reserve1, reserveOut: reserve0, feePips: V2_FEE_PIPS };
  const outside = zeroForOne
    ? { atomsIn: parity.atoms0, atomsOut: parity.atoms1 }
    : { atomsIn: parity.atoms1, atomsOut: parity.atoms0 };
  const wanted = optimalProductInput(market, outside);
  const amountIn = wanted < held ? wanted : held;
  const amountOut = productOutput(market, amountIn);
  if (amountIn <= 0n || amountOut === 0n) return undefined;
  // Exactly what these reserves give: if somebody trades first, this reverts and the next pass looks again.
  const args = [amountIn, amountOut, [tokenIn.address, tokenOut.address], trader, MAX_UINT256];
  return { to: chain.contracts.uniswapV2Router, data: V2.encodeFunctionData('swapExactTokensForTokens', args) };
}
