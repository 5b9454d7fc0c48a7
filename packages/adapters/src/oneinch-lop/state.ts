import type { Address, Hex, ReadBatch } from '@evenkeel/core';
import * as v from 'valibot';
import { allOf, mapRead, type Read, runRead, type Settled, settledRead, structOf, viewCall } from '../uniswap/read.js';
import { single, uintOutput } from '../uniswap/schemas.js';
import { contractSignatureAbi, erc20Abi, protocolAbi } from './abi.js';
import type { OneinchLopChain } from './oneinch-lop.js';
import { isSignedByKey, limitOrderHash, type MakerTraits, type SignedLimitOrder, traitsOf } from './order.js';

/** Why an order cannot be filled, or is not one that this adapter trades. */
export type ClosedReason =
  | NonNullable<MakerTraits['foreign']>
  | 'epoch-advanced'
  | 'expired'
  | 'filled-or-cancelled'
  | 'not-allowed'
  | 'paused'
  | 'signature-invalid'
  | 'unfunded'
  | 'unreadable';

/** What the chain says of an order. */
export type OrderState =
  | {
      readonly status: 'open';
      /** Atoms of the maker's asset that are not filled. */
      readonly remaining: bigint;
      /** Atoms of it that the maker has and lets the protocol take. All orders of the maker share them. */
      readonly funded: bigint;
      /** The maker is a contract, which says itself what it has signed (ERC-1271). */
      readonly byContract: boolean;
    }
  | { readonly status: 'closed'; readonly reason: ClosedReason };

/** An order with its name on chain and its state. */
export interface SeenOrder extends SignedLimitOrder {
  readonly hash: Hex;
  readonly state: OrderState;
}

const bool = single(v.boolean());
const MAGIC = '0x1626ba7e';

/** The state of orders at one block, in one request. What cannot be read of one leaves the others alone. */
export async function readOrders(
  config: OneinchLopChain,
  signed: readonly SignedLimitOrder[],
  marginSeconds: number,
  signal: AbortSignal,
): Promise<{ readonly seen: readonly SeenOrder[]; readonly block: ReadBatch['block'] }> {
  const { chain, limitOrderProtocol } = config;
  const subjects = signed.map((each) => {
    const hash = limitOrderHash(each.order, { chainId: chain.id, limitOrderProtocol });
    return { signed: each, hash, traits: traitsOf(each.order), byKey: isSignedByKey(each, hash) };
  });
  const reads = structOf<{ paused: boolean; facts: readonly Settled<Facts>[] }>({
    paused: viewCall(protocolAbi, 'paused', limitOrderProtocol, [], bool),
    facts: allOf(subjects.map((subject) => settledRead(factsRead(limitOrderProtocol, subject)))),
  });
  const { block, value } = await runRead(chain, reads, signal);
  const seen = subjects.map((subject, index): SeenOrder => {
    const facts = value.facts[index]!;
    const reason = value.paused ? 'paused' : closedReason(subject, facts, block.timeSeconds + marginSeconds);
    const state = reason === undefined ? openState(subject.byKey, facts) : closed(reason);
    return { ...subject.signed, hash: subject.hash, state };
  });
  return { seen, block };
}

interface Subject {
  readonly signed: SignedLimitOrder;
  readonly hash: Hex;
  readonly traits: MakerTraits;
  readonly byKey: boolean;
}

type Facts = {
  readonly remaining: bigint;
  readonly epochHolds: boolean;
  readonly balance: bigint;
  readonly allowance: bigint;
  readonly byContract: boolean;
};

const closed = (reason: ClosedReason): OrderState => ({ status: 'closed', reason });

function openState(byKey: boolean, facts: Settled<Facts>): OrderState {
  if (facts.kind === 'unreadable') return closed('unreadable');
  const { allowance, balance, remaining } = facts.value;
  return { status: 'open', remaining, funded: balance < allowance ? balance : allowance, byContract: !byKey };
}

function closedReason(
  { byKey, signed: { order }, traits }: Subject,
  facts: Settled<Facts>,
  bySeconds: number,
): ClosedReason | undefined {
  if (traits.foreign !== undefined) return traits.foreign;
  if (order.makingAmount === 0n || order.takingAmount === 0n) return 'unreadable';
  if (traits.expiresAt !== undefined && traits.expiresAt < bySeconds) return 'expired';
  if (facts.kind === 'unreadable') return 'unreadable';
  const { allowance, balance, byContract, epochHolds, remaining } = facts.value;
  if (remaining === 0n) return 'filled-or-cancelled';
  if (!epochHolds) return 'epoch-advanced';
  if (!byKey && !byContract) return 'signature-invalid';
  if (balance === 0n) return 'unfunded';
  return allowance === 0n ? 'not-allowed' : undefined;
}

function factsRead(protocol: Address, { byKey, hash, signed, traits }: Subject): Read<Facts> {
  const { order, signature } = signed;
  const { maker, makerAsset } = order;
  const always: Read<boolean> = { calls: [], decode: () => true };
  // A contract that does not answer has not signed; an account without code answers nothing.
  const asked = settledRead(
    viewCall(contractSignatureAbi, 'isValidSignature', maker, [hash, signature], single(v.string())),
  );
  return structOf<Facts>({
    remaining: remainingRead(protocol, hash, signed, traits),
    epochHolds:
      traits.series === undefined
        ? always
        : viewCall(protocolAbi, 'epochEquals', protocol, [maker, traits.series, traits.nonceOrEpoch], bool),
    balance: viewCall(erc20Abi, 'balanceOf', makerAsset, [maker], uintOutput),
    allowance: viewCall(erc20Abi, 'allowance', makerAsset, [maker, protocol], uintOutput),
    byContract: byKey
      ? mapRead(always, () => false)
      : mapRead(asked, (answer) => answer.kind === 'value' && answer.value === MAGIC),
  });
}

/** What is not filled: all or nothing where a bit crosses the order off, else what the protocol has counted down to. */
function remainingRead(
  protocol: Address,
  hash: Hex,
  { order: { maker, makingAmount } }: SignedLimitOrder,
  { nonceOrEpoch, usesBit }: MakerTraits,
): Read<bigint> {
  if (usesBit) {
    const bits = viewCall(protocolAbi, 'bitInvalidatorForOrder', protocol, [maker, nonceOrEpoch], uintOutput);
    return mapRead(bits, (word) => (((word >> (nonceOrEpoch & 255n)) & 1n) === 1n ? 0n : makingAmount));
  }
  const raw = viewCall(protocolAbi, 'rawRemainingInvalidatorForOrder', protocol, [maker, hash], uintOutput);
  // Zero stands for an order that was never filled; else the complement of what remains is stored.
  return mapRead(raw, (word) => (word === 0n ? makingAmount : (1n << 256n) - 1n - word));
}
