import {
  type Address,
  type Call,
  type Hex,
  type JsonValue,
  fromAtoms,
  NATIVE_ADDRESS,
  type QuoteFill,
  sameAddress,
  sameToken,
  type SwapFill,
  type Token,
} from '@evenkeel/core';
import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import * as v from 'valibot';
import { approveCalls } from '../common/erc20.js';
import { FillMismatchError } from '../common/errors.js';
import { firstIssue } from '../common/schemas.js';
import { isListed, type UniswapChain } from './config.js';

/** A token that takes a fee of each transfer cannot be swapped exactly. Code `FEE_ON_TRANSFER_TOKEN`. */
export class FeeOnTransferTokenError extends EvenkeelError {
  constructor(adapter: string, token: Token) {
    super('FEE_ON_TRANSFER_TOKEN', `${adapter} does not swap ${token.symbol}: it takes a fee of each transfer.`, {
      field: 'fill.tokenIn',
      value: token.address,
      hint: 'Trade another token.',
      details: { adapter, token: token.address, chainId: token.chainId },
    });
  }
}

/** Routers read these recipients as "the sender" and "the router itself". */
const RESERVED_RECIPIENTS: readonly Address[] = [
  NATIVE_ADDRESS,
  '0x0000000000000000000000000000000000000001',
  '0x0000000000000000000000000000000000000002',
];

/**
 * A fill that this adapter can build: a swap through one of its pools, within bounds that the chain can enforce.
 *
 * @param amountBits How large an amount the router takes.
 * @throws {FillMismatchError} {@link FeeOnTransferTokenError}
 */
export function requireSwap(
  adapter: string,
  fill: SwapFill | QuoteFill,
  config: UniswapChain,
  amountBits: number,
): { readonly fill: SwapFill; readonly tokenInIndex: 0 | 1 } {
  const mismatch = (field: string, value: unknown, problem: string): FillMismatchError =>
    new FillMismatchError(adapter, `fill.${field}`, value, problem);
  if (fill.kind !== 'swap') throw mismatch('kind', fill.kind, 'must be "swap": its pools are curves, not quotes');
  const { pool, tokenIn, tokenOut, amountIn, minReceived, deadline } = fill;
  if (pool.adapter !== adapter) throw mismatch('pool.adapter', pool.adapter, 'is another adapter');
  const tokenInIndex = pool.tokens.findIndex((token) => sameToken(token, tokenIn));
  if (tokenInIndex !== 0 && tokenInIndex !== 1) throw mismatch('tokenIn', tokenIn.address, 'is not in the pool');
  if (!sameToken(pool.tokens[tokenInIndex === 0 ? 1 : 0], tokenOut)) {
    throw mismatch('tokenOut', tokenOut.address, 'is not the other token of the pool');
  }
  for (const [name, amount] of Object.entries({ amountIn, minReceived })) {
    if (amount <= 0n || amount >= 1n << BigInt(amountBits)) {
      throw mismatch(name, amount, `must be above zero and fit ${amountBits} bits`);
    }
  }
  if (!Number.isSafeInteger(deadline) || deadline <= 0) throw mismatch('deadline', deadline, 'must be unix seconds');
  if (RESERVED_RECIPIENTS.some((reserved) => sameAddress(reserved, fill.recipient))) {
    throw mismatch('recipient', fill.recipient, 'is an address to which nobody has the key');
  }
  for (const token of [tokenIn, tokenOut]) {
    if (isListed(token, config.feeOnTransfer)) throw new FeeOnTransferTokenError(adapter, token);
  }
  return { fill, tokenInIndex };
}

/**
 * What the adapter wrote into its pool, come back from the router or a journal.
 * @throws {InvalidInputError} when it is not what this adapter writes.
 */
export function poolPayload<T>(adapter: string, schema: v.GenericSchema<unknown, T>, payload: JsonValue): T {
  const parsed = v.safeParse(schema, payload);
  if (parsed.success) return parsed.output;
  throw new InvalidInputError(
    'fill.pool.payload',
    payload,
    `is not a payload of ${adapter} (${firstIssue(parsed.issues)})`,
    'Hand back the pool that its liquidity() returned.',
  );
}

/** The exact approval of the input for `spender`; none for the native coin. */
export function approval({ tokenIn, amountIn }: SwapFill, spender: Address, config: UniswapChain): readonly Call[] {
  if (sameAddress(tokenIn.address, NATIVE_ADDRESS)) return [];
  return approveCalls(tokenIn, spender, amountIn, isListed(tokenIn, config.resetAllowance));
}

/** The swap itself. */
export function action(fill: SwapFill, to: Address, data: string, venue: string): Call {
  const { tokenIn, tokenOut, amountIn } = fill;
  return {
    chainId: tokenIn.chainId,
    to,
    data: data as Hex,
    valueWei: sameAddress(tokenIn.address, NATIVE_ADDRESS) ? amountIn : 0n,
    purpose: 'action',
    description: `swap ${amount(tokenIn, amountIn)} for ${tokenOut.symbol} on ${venue}`,
  };
}

function amount(token: Token, atoms: bigint): string {
  return `${fromAtoms(token, atoms)} ${token.symbol}`;
}
