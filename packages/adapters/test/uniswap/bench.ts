import type { Address, Call, Chain, Hex, Pool, SwapFill, Token, VenueAdapter } from '@evenkeel/core';
import { startWorld, type World, type WorldChain, type WorldOptions } from '@evenkeel/devnet';
import { Interface } from 'ethers';
import { jsonRpcChain } from '../../src/json-rpc/index.js';
import { uniswapV2 } from '../../src/uniswap-v2/index.js';
import { uniswapV3 } from '../../src/uniswap-v3/index.js';
import { uniswapV4 } from '../../src/uniswap-v4/index.js';
import { type Read, allOf, runRead } from '../../src/uniswap/read.js';

export const E18: bigint = 10n ** 18n;
export const E6: bigint = 10n ** 6n;
export const FAR_DEADLINE = 4_000_000_000;

type Venue = VenueAdapter & Required<Pick<VenueAdapter, 'liquidity'>>;

/** One local chain with the three Uniswaps, and hands to move them. */
export interface Bench {
  readonly world: World;
  readonly local: WorldChain;
  readonly chain: Chain;
  readonly tokens: readonly Token[];
  readonly v2: Venue;
  readonly v3: Venue;
  readonly v4: Venue;
  readonly trader: Address;
  readonly provider: Address;
  pools(venue: Venue, tokens?: readonly Token[]): Promise<readonly Pool[]>;
  /** Mines a transaction; fails the test when it reverts. */
  send(from: Address, to: Address, data: string, valueWei?: bigint): Promise<Receipt>;
  sendAll(from: Address, calls: readonly Call[]): Promise<readonly Receipt[]>;
  balance(token: Token, owner: Address): Promise<bigint>;
  allowance(token: Token, owner: Address, spender: Address): Promise<bigint>;
  close(): Promise<void>;
}

export interface Receipt {
  readonly gasUsed: bigint;
}

/** A caller that does not give up. */
export function patient(): AbortSignal {
  return new AbortController().signal;
}

export const erc20 = new Interface([
  'function approve(address, uint256) returns (bool)',
  'function balanceOf(address) view returns (uint256)',
  'function allowance(address, address) view returns (uint256)',
]);

/** The three adapters over one chain of a world. */
export function venuesOf(local: WorldChain, chain: Chain): Pick<Bench, 'v2' | 'v3' | 'v4'> {
  const { contracts } = local;
  return {
    v2: uniswapV2({
      chains: { [local.id]: { chain, factory: contracts.uniswapV2Factory, router: contracts.uniswapV2Router } },
    }),
    v3: uniswapV3({
      chains: {
        [local.id]: {
          chain,
          factory: contracts.uniswapV3Factory,
          tickLens: contracts.uniswapV3TickLens,
          router: contracts.uniswapV3SwapRouter02,
        },
      },
    }),
    v4: uniswapV4({
      chains: {
        [local.id]: {
          chain,
          stateView: contracts.uniswapV4StateView,
          permit2: contracts.permit2,
          universalRouter: contracts.universalRouter,
          universalRouterVersion: '2.0',
        },
      },
    }),
  };
}

export function chainOf(local: WorldChain): Chain {
  return jsonRpcChain({ id: local.id, name: local.name, url: local.rpcUrl, multicall3: local.contracts.multicall3 });
}

export async function openBench(parts: NonNullable<WorldOptions['parts']> = []): Promise<Bench> {
  const world = await startWorld({ chains: 1, parts });
  const local = world.chains[0]!;
  const chain = chainOf(local);
  const tokens = Object.values(local.tokens);
  const trader = world.accounts.trader.address;
  const provider = world.accounts.liquidityProvider.address;
  for (const account of [trader, provider]) {
    await local.rpc('anvil_impersonateAccount', [account]);
    await world.fundNative(local.id, account, 10_000n * E18);
    for (const token of tokens) await world.fund(token, account, 10n ** BigInt(token.decimals + 8));
  }

  const send: Bench['send'] = async (from, to, data, valueWei = 0n) => {
    const value = `0x${valueWei.toString(16)}`;
    const hash = await local.rpc('eth_sendTransaction', [
      { from, to, data, value, gas: '0x4c4b40', gasPrice: '0x174876e800' },
    ]);
    const receipt = (await local.provider.waitForTransaction(String(hash)))!;
    if (receipt.status !== 1) {
      // Says why.
      await local.rpc('eth_call', [{ from, to, data, value }, 'latest']);
      throw new Error(`transaction ${String(hash)} reverted`);
    }
    return { gasUsed: receipt.gasUsed };
  };
  const view = async (to: Address, name: string, args: readonly unknown[]): Promise<bigint> => {
    const { results } = await chain.read([{ to, data: erc20.encodeFunctionData(name, args) as Hex }]);
    return BigInt(results[0]!.data);
  };

  return {
    world,
    local,
    chain,
    tokens,
    trader,
    provider,
    ...venuesOf(local, chain),
    pools: (venue, wanted = tokens) => venue.liquidity({ chainId: local.id, tokens: wanted, signal: patient() }),
    send,
    sendAll: async (from, calls) => {
      const receipts: Receipt[] = [];
      for (const call of calls) receipts.push(await send(from, call.to, call.data, call.valueWei));
      return receipts;
    },
    balance: (token, owner) => view(token.address, 'balanceOf', [owner]),
    allowance: (token, owner, spender) => view(token.address, 'allowance', [owner, spender]),
    close: () => world.close(),
  };
}

/** Answers of many quoter calls; so many at a time that they fit the gas of one `eth_call`. */
export async function readMany<T>(chain: Chain, reads: readonly Read<T>[], atOnce = 40): Promise<readonly T[]> {
  const answers: T[] = [];
  for (let start = 0; start < reads.length; start += atOnce) {
    const { value } = await runRead(chain, allOf(reads.slice(start, start + atOnce)), patient());
    answers.push(...value);
  }
  return answers;
}

export function fillOf(
  pool: Pool,
  side: 0 | 1,
  amountIn: bigint,
  minReceived: bigint,
  sender: Address,
  recipient: Address = sender,
): SwapFill {
  const [tokenIn, tokenOut] = side === 0 ? pool.tokens : [pool.tokens[1], pool.tokens[0]];
  return {
    kind: 'swap',
    pool,
    tokenIn,
    tokenOut,
    amountIn,
    minReceived,
    sender,
    recipient,
    deadline: FAR_DEADLINE,
  };
}

/** Repeatable randomness (mulberry32). */
export interface Dice {
  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number;
  /** From 1 to `high`, every order of magnitude alike. */
  amount(high: bigint): bigint;
  side(): 0 | 1;
  pick<T>(from: readonly T[]): T;
}

export function dice(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    integer,
    amount: (high) => {
      const digits = high.toString(2).length;
      const scaled = BigInt(Math.floor(2 ** 52 * 2 ** (next() * digits - digits)));
      const amount = (high * scaled) >> 52n;
      return amount < 1n ? BigInt(integer(1, 1000)) : amount;
    },
    side: () => (next() < 0.5 ? 0 : 1),
    pick: (from) => from[integer(0, from.length - 1)]!,
  };
}
