import { Interface } from 'ethers';
import { DevnetError } from '../errors.js';
import type { Hex, Token, World, WorldChain } from '../world.js';
import type { ActorEvent, ArbitragedPool, ArbitragedVenue } from './actors.js';
import { encodeOrder, orderFor, quotePool, watchedPools } from './arbitrage-order.js';
import type { Order } from './arbitrage-order.js';
import { findEvent, read, reasonOf, submit } from './contract.js';
import type { OutsidePrice } from './outside-price.js';
import { perpOrder, tradePerp } from './perp-arbitrage.js';

const ERC20 = new Interface([
  'function balanceOf(address) view returns (uint256)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
]);

/** More than a swap takes, however many ticks it crosses here. */
const SWAP_GAS = 5_000_000n;

export interface ArbitrageurCore {
  readonly pass: () => Promise<void>;
  readonly rewind: () => void;
  /** @throws {DevnetError} `INVALID_INPUT` */
  readonly setShare: (share: number) => void;
}

/**
 * Brings every WETH/USDC pool of Uniswap, and that of the perpetual future, back to an outside price as soon as it is off by more than the pool's fee. It
 * stops where the last atom just earns the outside price, trades from its own stock and pays its gas, whatever that is:
 * it arbitrages to keep prices together, not to profit.
 */
export function createArbitrageur(
  world: World,
  outside: OutsidePrice,
  emit: (event: ActorEvent) => void,
): ArbitrageurCore {
  const account = world.accounts.arbitrageur;
  /** Chain heads and prices for which there was nothing left to do. */
  const settled = new Map<number, string>();
  const failures = new Map<string, string>();
  let share = 1;

  const fail = (chain: WorldChain, venue: ArbitragedVenue, pool: Hex, reason: string): void => {
    const key = `${chain.id}:${pool}`;
    if (failures.get(key) === reason) return;
    failures.set(key, reason);
    emit({ kind: 'arbitrage-failed', chainId: chain.id, venue, pool, reason });
  };

  const stockOn = async (chain: WorldChain): Promise<Map<Hex, bigint>> => {
    const held = async ({ address }: Token): Promise<readonly [Hex, bigint]> => {
      const [atoms] = await read(chain, address, ERC20, 'balanceOf', [account.address]);
      return [address, atoms as bigint];
    };
    return new Map(await Promise.all([held(chain.tokens.WETH), held(chain.tokens.USDC)]));
  };

  /** Whether the pool is where it should be now. */
  const trade = async (chain: WorldChain, order: Order, stock: Map<Hex, bigint>): Promise<boolean> => {
    const { tokenIn, tokenOut } = order;
    const { pool } = order.quote;
    const held = stock.get(tokenIn.address) ?? 0n;
    if (held === 0n) {
      fail(chain, pool.kind, nameOf(pool), 'no-inventory');
      return false;
    }
    const call = encodeOrder(chain, order, account.address, held);
    if (call === undefined) return true;
    try {
      const { hash, logs } = await submit(chain, account, call.to, call.data, SWAP_GAS);
      const moved = (token: Token): bigint => findEvent(logs, token.address, ERC20, 'Transfer')?.[2] as bigint;
      const [amountIn, amountOut] = [moved(tokenIn), moved(tokenOut)];
      stock.set(tokenIn.address, held - amountIn);
      stock.set(tokenOut.address, (stock.get(tokenOut.address) ?? 0n) + amountOut);
      failures.delete(`${chain.id}:${nameOf(pool)}`);
      emit({
        kind: 'arbitraged',
        chainId: chain.id,
        venue: pool.kind,
        pool: nameOf(pool),
        tokenIn: tokenIn.address,
        tokenOut: tokenOut.address,
        amountIn,
        amountOut,
        txHash: hash as Hex,
      });
      return true;
    } catch (error) {
      fail(chain, pool.kind, nameOf(pool), reasonOf(error));
      return false;
    }
  };

  /** The same for the pool of the perpetual, if there is one. */
  const tradePerpOf = async (chain: WorldChain, usdcAtomsPerEth: bigint): Promise<boolean> => {
    const perp = chain.parts.perpV2;
    const order = perp && (await perpOrder(chain, perp, usdcAtomsPerEth));
    if (order === undefined) return true;
    try {
      emit(await tradePerp(chain, order, account));
      failures.delete(`${chain.id}:${order.perp.pool}`);
      return order.isWhole;
    } catch (error) {
      fail(chain, 'perp-v2', order.perp.pool, reasonOf(error));
      return false;
    }
  };

  const passChain = async (chain: WorldChain): Promise<void> => {
    const price = outside.usdcAtomsPerEth();
    const head = (await chain.rpc('eth_getBlockByNumber', ['latest', false])) as { readonly hash: Hex };
    const state = `${head.hash}/${price}`;
    if (settled.get(chain.id) === state) return;
    let done = true;
    const [stock, quotes] = await Promise.all([
      stockOn(chain),
      Promise.all(watchedPools(chain).map((pool) => quotePool(chain, pool))),
    ]);
    for (const quote of quotes) {
      const order = orderFor(chain, quote, price, share);
      if (order !== undefined) done = (await trade(chain, order, stock)) && done;
    }
    done = (await tradePerpOf(chain, price)) && done;
    if (done) settled.set(chain.id, state);
  };

  return {
    rewind() {
      settled.clear();
      failures.clear();
    },
    setShare(wanted) {
      if (!(wanted > 0 && wanted <= 1)) {
        const message = `The arbitrageur cannot go ${wanted} of the way. Use a share above 0, at most 1.`;
        throw new DevnetError('INVALID_INPUT', message, { details: { field: 'share', value: wanted } });
      }
      share = wanted;
      settled.clear();
    },
    async pass() {
      // The chains side by side, and all of them to the end: none may still be trading when the pass is over.
      const results = await Promise.allSettled(world.chains.map(passChain));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

const nameOf = (pool: ArbitragedPool): Hex => (pool.kind === 'uniswap-v4' ? pool.id : pool.address);
