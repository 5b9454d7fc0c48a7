import { Interface } from 'ethers';
import { ETH_PRICE_USDC } from '../build/seed.js';
import { DevnetError } from '../errors.js';
import type { Hex, Token, World, WorldChain } from '../world.js';
import type { ActorEvent, ArbitragedPool } from './actors.js';
import { encodeOrder, orderFor, quotePool, watchedPools } from './arbitrage-order.js';
import type { Order } from './arbitrage-order.js';
import { findEvent, read, reasonOf, submit } from './contract.js';

const ERC20 = new Interface([
  'function balanceOf(address) view returns (uint256)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
]);
const USDC_ATOMS = 1_000_000;

export interface ArbitrageurCore {
  readonly pass: () => Promise<void>;
  readonly rewind: () => void;
  readonly setPrice: (usdcPerEth: number) => void;
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
    const { tokenIn, tokenOut } = order;
    const { pool } = order.quote;
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
      const order = orderFor(chain, await quotePool(chain, pool), price);
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

const nameOf = (pool: ArbitragedPool): Hex => (pool.kind === 'uniswap-v4' ? pool.id : pool.address);
