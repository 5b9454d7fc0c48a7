import type { Address, Call, Hex, LogEntry, ReadCall } from '@evenkeel/core';
import * as v from 'valibot';
import { decodeEvent } from '../common/read.js';
import { addressSchema, hexSchema } from '../common/schemas.js';
import { settlementAbi } from './abi.js';
import type { Gpv2Domain } from './order.js';
import { unpackOrderUid } from './order-uid.js';

/** What `filledAmount` is of an order that its owner cancelled on chain: it can never be settled again. */
export const INVALIDATED_FILLED_ATOMS: bigint = (1n << 256n) - 1n;

/**
 * Cancels an order for ever; only its owner can send it.
 *
 * @throws {InvalidInputError} when the uid is not 56 bytes.
 */
export function invalidateOrderCall(domain: Gpv2Domain, uid: Hex): Call {
  unpackOrderUid(uid);
  return ownerCall(domain, 'invalidateOrder', [uid], 'revoke', 'cancel an order of CoW Protocol');
}

/**
 * Signs an order by a transaction (`signed`), or takes that back; only its owner can send it.
 *
 * @throws {InvalidInputError} when the uid is not 56 bytes.
 */
export function preSignCall(domain: Gpv2Domain, uid: Hex, signed = true): Call {
  unpackOrderUid(uid);
  const what = signed ? 'sign an order of CoW Protocol' : 'take back the signature of an order';
  return ownerCall(domain, 'setPreSignature', [uid, signed], signed ? 'action' : 'revoke', what);
}

function ownerCall(
  { chainId, settlement }: Gpv2Domain,
  name: string,
  args: readonly unknown[],
  purpose: Call['purpose'],
  description: string,
): Call {
  const data = settlementAbi.encodeFunctionData(name, args) as Hex;
  return Object.freeze({ chainId, to: settlement, data, valueWei: 0n, purpose, description });
}

/** The view call that reads how much of an order was filled, in sold atoms, or bought atoms of a buy order. */
export function filledAmountCall({ settlement }: Gpv2Domain, uid: Hex): ReadCall {
  return Object.freeze({ to: settlement, data: settlementAbi.encodeFunctionData('filledAmount', [uid]) as Hex });
}

/** What a trade moved, as its event says. */
export interface SettledTrade {
  readonly owner: Address;
  readonly sellToken: Address;
  readonly buyToken: Address;
  /** Fee included. */
  readonly sellAtoms: bigint;
  readonly buyAtoms: bigint;
  readonly feeAtoms: bigint;
  readonly orderUid: Hex;
}

const tradeEvent = v.object({
  owner: addressSchema,
  sellToken: addressSchema,
  buyToken: addressSchema,
  sellAmount: v.bigint(),
  buyAmount: v.bigint(),
  feeAmount: v.bigint(),
  orderUid: hexSchema,
});

/** The trades of one settlement contract in these logs, in their order. */
export function settledTrades({ settlement }: Gpv2Domain, logs: readonly LogEntry[]): readonly SettledTrade[] {
  const own = logs.filter(({ address }) => address.toLowerCase() === settlement.toLowerCase());
  const trades = own.map((log) => decodeEvent(settlementAbi, 'Trade', log, tradeEvent));
  return Object.freeze(
    trades.flatMap((trade) =>
      trade === undefined
        ? []
        : [
            Object.freeze({
              owner: trade.owner,
              sellToken: trade.sellToken,
              buyToken: trade.buyToken,
              sellAtoms: trade.sellAmount,
              buyAtoms: trade.buyAmount,
              feeAtoms: trade.feeAmount,
              orderUid: trade.orderUid,
            }),
          ],
    ),
  );
}
