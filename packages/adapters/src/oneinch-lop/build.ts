import { type Call, fromAtoms, type Hex, sameAddress, type SwapFill } from '@evenkeel/core';
import { concat, dataSlice } from 'ethers';
import { approveCalls, revokeCall } from '../common/erc20.js';
import { FillMismatchError } from '../common/errors.js';
import { isListed } from '../uniswap/config.js';
import { permit2Abi, protocolAbi } from './abi.js';
import type { OneinchLopChain } from './oneinch-lop.js';
import type { BookedOrder, BookPayload } from './payload.js';

/** TakerTraitsLib of the protocol. Without its highest flag the amount of a fill is what the taker pays. */
const USE_PERMIT2 = 1n << 252n;
const ARGS_HAS_TARGET = 1n << 251n;
const THRESHOLD_LIMIT = 1n << 184n;

/** A part of the input for one order. */
interface Part {
  readonly booked: BookedOrder;
  readonly pays: bigint;
  readonly gets: bigint;
}

/**
 * Approvals of exactly the input, from the token to Permit2 and in Permit2 to the protocol until the deadline, which the
 * protocol itself does not know; one fill an order, best first; and what takes away what an order that somebody else has
 * come before at has left over.
 */
export function fillCalls(
  adapter: string,
  fill: SwapFill,
  book: BookPayload,
  config: OneinchLopChain,
): readonly Call[] {
  const parts = partsOf(adapter, fill, book);
  const total = parts.reduce((sum, { gets }) => sum + gets, 0n);
  const thresholds = shares(
    fill.minReceived,
    parts.map(({ gets }) => gets),
    total,
  );
  const { limitOrderProtocol, permit2, resetAllowance } = config;
  const { amountIn, deadline, tokenIn } = fill;
  const call = { chainId: tokenIn.chainId, valueWei: 0n } as const;
  return [
    ...approveCalls(tokenIn, permit2, amountIn, isListed(tokenIn, resetAllowance)),
    {
      ...call,
      to: permit2,
      data: permit2Abi.encodeFunctionData('approve', [tokenIn.address, limitOrderProtocol, amountIn, deadline]) as Hex,
      purpose: 'approve',
      description: `let the order protocol take the ${tokenIn.symbol} through Permit2`,
    },
    ...parts.map((part, index): Call => ({
      ...call,
      to: limitOrderProtocol,
      data: fillData(part, thresholds[index]!, fill),
      purpose: 'action',
      description: `fill ${fromAtoms(tokenIn, part.pays)} ${tokenIn.symbol} of an order of ${part.booked.order.maker}`,
    })),
    revokeCall(tokenIn, permit2),
  ];
}

/** The input over the orders, best first. @throws {FillMismatchError} */
function partsOf(
  adapter: string,
  { amountIn, minReceived, pool, tokenIn, tokenOut }: SwapFill,
  book: BookPayload,
): readonly Part[] {
  const mismatch = (field: string, value: unknown, problem: string): FillMismatchError =>
    new FillMismatchError(adapter, `fill.${field}`, value, problem);
  const foreign = book.orders.some(
    ({ order }) => !sameAddress(order.takerAsset, tokenIn.address) || !sameAddress(order.makerAsset, tokenOut.address),
  );
  if (foreign) throw mismatch('tokenIn', tokenIn.address, `is not what the orders of ${pool.id} take`);
  let left = amountIn;
  const parts = book.orders.flatMap((booked): Part[] => {
    const pays = left < booked.amountIn ? left : booked.amountIn;
    left -= pays;
    const gets = (pays * booked.order.makingAmount) / booked.order.takingAmount;
    if (pays > 0n && gets === 0n) throw mismatch('amountIn', amountIn, 'leaves an order too little to pay for');
    return pays === 0n ? [] : [{ booked, pays, gets }];
  });
  if (left > 0n) throw mismatch('amountIn', amountIn, `is ${left} atoms more than the orders take`);
  const total = parts.reduce((sum, { gets }) => sum + gets, 0n);
  if (total < minReceived) throw mismatch('minReceived', minReceived, `is more than the ${total} that the orders pay`);
  return parts;
}

/** A least amount for each part: in proportion, and together the whole. */
function shares(whole: bigint, parts: readonly bigint[], total: bigint): readonly bigint[] {
  let before = 0n;
  let given = 0n;
  return parts.map((part) => {
    before += part;
    const share = (whole * before) / total - given;
    given += share;
    return share < THRESHOLD_LIMIT ? share : THRESHOLD_LIMIT;
  });
}

function fillData({ booked, pays }: Part, threshold: bigint, { recipient, sender }: SwapFill): Hex {
  const { byContract, order, signature } = booked;
  const elsewhere = !sameAddress(recipient, sender);
  const traits = USE_PERMIT2 | (elsewhere ? ARGS_HAS_TARGET : 0n) | threshold;
  const args = elsewhere ? concat([recipient]) : '0x';
  if (byContract) {
    return protocolAbi.encodeFunctionData('fillContractOrderArgs', [order, signature, pays, traits, args]) as Hex;
  }
  const [r, vs] = [dataSlice(signature, 0, 32), dataSlice(signature, 32, 64)];
  return protocolAbi.encodeFunctionData('fillOrderArgs', [order, r, vs, pays, traits, args]) as Hex;
}
