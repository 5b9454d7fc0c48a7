import {
  heldOrders,
  limitOrderTypedData,
  type OneinchLop,
  oneinchLop,
  type SignedLimitOrder,
} from '@evenkeel/adapters/oneinch-lop';
import type { Address, Call, Chain, Hex, Pool, SwapFill, Token } from '@evenkeel/core';
import { startWorld, type TestAccount, type World, type WorldChain, type WorldSnapshot } from '@evenkeel/devnet';
import { Interface, Wallet } from 'ethers';
import { balanceOf, chainsOf, never } from '../support/bridge-world.js';

export const E18 = 10n ** 18n;
export const E6 = 10n ** 6n;

export const lopAbi = new Interface([
  'function cancelOrder(uint256 makerTraits, bytes32 orderHash)',
  'function increaseEpoch(uint96 series)',
  'function pause()',
  'function hashOrder((uint256 salt, uint256 maker, uint256 receiver, uint256 makerAsset, uint256 takerAsset, uint256 makingAmount, uint256 takingAmount, uint256 makerTraits)) view returns (bytes32)',
]);
export const erc20 = new Interface([
  'function approve(address, uint256)',
  'function transfer(address, uint256)',
  'function allowance(address, address) view returns (uint256)',
]);

/** Bits of the maker's word, as the protocol's own helpers set them. */
export interface Terms {
  readonly eth: bigint;
  readonly usdc: bigint;
  readonly side: 'ask' | 'bid';
  readonly maker?: TestAccount;
  readonly once?: boolean;
  readonly allOrNothing?: boolean;
  readonly expiresAt?: number;
  readonly epoch?: bigint;
  readonly nonce?: bigint;
  readonly flags?: bigint;
  readonly signer?: TestAccount;
}

/** A chain with the order protocol, a book that tests write, and a trader with money. */
export interface LopBench {
  readonly world: World;
  readonly local: WorldChain;
  readonly chain: Chain;
  readonly weth: Token;
  readonly usdc: Token;
  readonly trader: Address;
  readonly protocol: Address;
  readonly venue: OneinchLop;
  book: readonly unknown[];
  sign(terms: Terms): Promise<SignedLimitOrder>;
  pool(tokenIn: Token): Promise<Pool | undefined>;
  fill(pool: Pool, tokenIn: Token, amountIn: bigint, change?: Partial<SwapFill>): SwapFill;
  /** Sends from any account; false when one of the calls reverts, at which it stops. */
  send(from: Address, calls: readonly Pick<Call, 'data' | 'to'>[]): Promise<boolean>;
  balance(token: Token, owner: Address): Promise<bigint>;
  reset(): Promise<void>;
}

export async function openLopBench(): Promise<LopBench> {
  const world = await startWorld({ chains: 1, parts: ['oneinch-lop'] });
  const [local] = world.chains as [WorldChain];
  const chain = chainsOf(world)[local.id]!;
  const { limitOrderProtocol: protocol } = local.parts.oneinchLop!;
  const { USDC: usdc, WETH: weth } = local.tokens;
  const trader = world.accounts.trader.address;
  let salt = 0n;
  let opening: WorldSnapshot = await world.snapshot();
  const config = { chain, limitOrderProtocol: protocol, permit2: local.contracts.permit2 };
  const bench: LopBench = {
    world,
    local,
    chain,
    weth,
    usdc,
    trader,
    protocol,
    venue: oneinchLop({
      chains: { [local.id]: config },
      source: heldOrders(() => bench.book as readonly SignedLimitOrder[]),
    }),
    book: local.parts.oneinchLop!.orders,
    sign: async (terms) => {
      const order = orderOf(bench, terms, ++salt);
      const { domain, types, value } = limitOrderTypedData(order, { chainId: local.id, limitOrderProtocol: protocol });
      const { privateKey } = terms.signer ?? terms.maker ?? world.accounts.maker;
      return { order, signature: (await new Wallet(privateKey).signTypedData(domain, types, value)) as Hex };
    },
    pool: async (tokenIn) => {
      const pools = await bench.venue.liquidity({ chainId: local.id, tokens: [weth, usdc], signal: never });
      return pools.find(({ curve, tokens }) => curve.kind === 'levels' && tokens[curve.tokenInIndex] === tokenIn);
    },
    fill: (pool, tokenIn, amountIn, change = {}) => ({
      kind: 'swap',
      pool,
      tokenIn,
      tokenOut: tokenIn === weth ? usdc : weth,
      amountIn,
      minReceived: 1n,
      sender: trader,
      recipient: trader,
      deadline: pool.asOf.timeSeconds + 3_600,
      ...change,
    }),
    send: senderOf(local),
    balance: (token, owner) => balanceOf(local, token, owner),
    reset: async () => {
      await world.revert(opening);
      opening = await world.snapshot();
      bench.book = local.parts.oneinchLop!.orders;
    },
  };
  return bench;
}

function orderOf({ usdc, weth, world }: LopBench, terms: Terms, salt: bigint): SignedLimitOrder['order'] {
  const { allOrNothing = false, epoch, expiresAt = 0, flags = 0n, nonce = salt, once = false, side } = terms;
  const isAsk = side === 'ask';
  const makerTraits =
    flags |
    (allOrNothing ? 1n << 255n : 0n) |
    (once || allOrNothing ? 0n : 1n << 254n) |
    (epoch === undefined ? 0n : (1n << 250n) | (9n << 160n)) |
    ((epoch ?? nonce) << 120n) |
    (BigInt(expiresAt) << 80n);
  return {
    salt,
    maker: (terms.maker ?? world.accounts.maker).address,
    receiver: `0x${'0'.repeat(40)}`,
    makerAsset: isAsk ? weth.address : usdc.address,
    takerAsset: isAsk ? usdc.address : weth.address,
    makingAmount: isAsk ? terms.eth : terms.usdc,
    takingAmount: isAsk ? terms.usdc : terms.eth,
    makerTraits,
  };
}

function senderOf(local: WorldChain): LopBench['send'] {
  return async (from, calls) => {
    await local.rpc('anvil_impersonateAccount', [from]);
    for (const { data, to } of calls) {
      const hash = await local.rpc('eth_sendTransaction', [{ from, to, data, gas: '0x7a1200' }]);
      const receipt = await local.provider.waitForTransaction(String(hash));
      if (receipt?.status !== 1) return false;
    }
    return true;
  };
}

export function encode(to: Address, abi: Interface, name: string, args: readonly unknown[]): Pick<Call, 'data' | 'to'> {
  return { to, data: abi.encodeFunctionData(name, args) as Hex };
}
