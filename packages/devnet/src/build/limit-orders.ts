import { Wallet, id } from 'ethers';
import type { SignedLimitOrder } from '../parts.js';
import type { Address, Hex, TestAccount, Token } from '../world.js';
import { ZERO_ADDRESS } from './protocols.js';

/** All resting orders are of this series, so that its maker takes all of them back by advancing one epoch. */
export const ORDER_SERIES = 7n;

/** How far from the outside price, and how much: the same on both sides. `single` may be filled once, also in part. */
const LADDER = [
  { bps: 2n, milliEth: 1_500n, single: false },
  { bps: 4n, milliEth: 4_000n, single: true },
  { bps: 8n, milliEth: 8_000n, single: false },
  { bps: 15n, milliEth: 12_000n, single: false },
  { bps: 30n, milliEth: 25_000n, single: false },
] as const;

const EPOCH_OFFSET = 120n;
const SERIES_OFFSET = 160n;
const CHECK_EPOCH = 1n << 250n;
const ALLOW_MULTIPLE_FILLS = 1n << 254n;
const MILLI_ETH = 10n ** 15n;

const ORDER_TYPE = {
  Order: [
    { name: 'salt', type: 'uint256' },
    { name: 'maker', type: 'address' },
    { name: 'receiver', type: 'address' },
    { name: 'makerAsset', type: 'address' },
    { name: 'takerAsset', type: 'address' },
    { name: 'makingAmount', type: 'uint256' },
    { name: 'takingAmount', type: 'uint256' },
    { name: 'makerTraits', type: 'uint256' },
  ],
};

export interface BookTerms {
  readonly limitOrderProtocol: Address;
  readonly maker: TestAccount;
  readonly weth: Token;
  readonly usdc: Token;
  readonly usdcAtomsPerEth: bigint;
  /** Of the maker in {@link ORDER_SERIES}. */
  readonly epoch: bigint;
}

/** Bids and asks around a price, each signed by its maker. The same terms give the same orders. */
export async function signBook(terms: BookTerms): Promise<readonly SignedLimitOrder[]> {
  const sides = LADDER.flatMap((rung, index) => [
    { ...rung, nonce: BigInt(2 * index), isAsk: true },
    { ...rung, nonce: BigInt(2 * index + 1), isAsk: false },
  ]);
  return Object.freeze(await Promise.all(sides.map((side) => signOrder(terms, side))));
}

interface Side {
  readonly bps: bigint;
  readonly milliEth: bigint;
  readonly single: boolean;
  readonly isAsk: boolean;
  readonly nonce: bigint;
}

async function signOrder(
  { epoch, limitOrderProtocol, maker, usdc, usdcAtomsPerEth, weth }: BookTerms,
  { bps, isAsk, milliEth, nonce, single }: Side,
): Promise<SignedLimitOrder> {
  const price = (usdcAtomsPerEth * (10_000n + (isAsk ? bps : -bps))) / 10_000n;
  const eth = milliEth * MILLI_ETH;
  const dollars = (milliEth * price) / 1_000n;
  // An order that may be filled once is crossed off by its nonce, in bits of which each epoch has some of its own; the
  // protocol lets such an order have no epoch.
  const traits = single
    ? (epoch * 16n + nonce) << EPOCH_OFFSET
    : ALLOW_MULTIPLE_FILLS | CHECK_EPOCH | (ORDER_SERIES << SERIES_OFFSET) | (epoch << EPOCH_OFFSET);
  const order = Object.freeze({
    salt: BigInt(id(`order ${epoch} ${nonce}`)) >> 96n,
    maker: maker.address,
    receiver: ZERO_ADDRESS,
    makerAsset: isAsk ? weth.address : usdc.address,
    takerAsset: isAsk ? usdc.address : weth.address,
    makingAmount: isAsk ? eth : dollars,
    takingAmount: isAsk ? dollars : eth,
    makerTraits: traits,
  });
  const domain = {
    name: '1inch Limit Order Protocol',
    version: '4',
    chainId: weth.chainId,
    verifyingContract: limitOrderProtocol,
  };
  const signature = (await new Wallet(maker.privateKey).signTypedData(domain, ORDER_TYPE, order)) as Hex;
  return Object.freeze({ order, signature });
}

/** The slot of the maker's bits in which the orders of an epoch that may be filled once have theirs, and which they are. */
export function singleFills(epoch: bigint): { readonly traits: bigint; readonly mask: bigint } {
  const nonces = LADDER.flatMap(({ single }, index) => (single ? [2n * BigInt(index), 2n * BigInt(index) + 1n] : []));
  const all = nonces.map((nonce) => epoch * 16n + nonce);
  return {
    traits: all[0]! << EPOCH_OFFSET,
    mask: all.reduce((mask, nonce) => mask | (1n << (nonce & 255n)), 0n),
  };
}
