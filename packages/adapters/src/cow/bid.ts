import {
  type Bid,
  type Chain,
  type Hex,
  NATIVE_ADDRESS,
  sameAddress,
  type SolverRequest,
  type TypedData,
} from '@evenkeel/core';
import { hashIntent } from '@evenkeel/intents';
import { throwIfAborted } from '../common/abort.js';
import { childOf } from '../common/child.js';
import { nowSeconds } from '../common/clock.js';
import { QuoteInconsistentError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { quoteId } from '../common/quote-id.js';
import { type SolverApprovals, solverApprovals } from '../common/solver-approvals.js';
import { type Gpv2Domain, type Gpv2Order, orderTypedData } from '../gpv2/index.js';
import { appDataOf } from './app-data.js';
import { chainOf, type CowOptions, domainOf, idOf, termsOf } from './config.js';
import type { CowQuote, CowQuoteRequest, CowScheme } from './order-book.js';
import { payloadJson } from './payload.js';

/**
 * Asks the order book, and makes the order that would be signed. Undefined for what CoW Protocol cannot do: another chain,
 * native coins sold, an output on another chain.
 */
export async function bidOf(
  options: CowOptions,
  request: SolverRequest,
  signal: AbortSignal,
): Promise<Bid | undefined> {
  throwIfAborted(signal);
  const { index, input, intent, minOutput, recipient, tokenOut } = request;
  const { chainId, address: sellToken } = input.token;
  const place = options.chains[chainId];
  if (place === undefined || tokenOut.chainId !== chainId || sellToken === NATIVE_ADDRESS) return undefined;
  const { fillSeconds, orderSeconds, slippageBps } = termsOf(options);
  const [approvals, scheme] = await Promise.all([
    solverApprovals(place.chain, request, input.atoms, place.vaultRelayer, signal),
    schemeOf(place.chain, intent.signer, signal),
  ]);
  const now = nowSeconds(options.clock, { timeSeconds: approvals.timeSeconds });
  const validTo = Math.min(request.deadline, now + orderSeconds);
  const { document } = appDataOf(hashIntent(intent), index);
  const partiallyFillable = intent.partialFill === 'allowed';
  const asked: CowQuoteRequest = {
    sellToken,
    buyToken: tokenOut.address,
    receiver: recipient,
    from: intent.signer,
    sellAmount: input.atoms,
    validTo,
    appData: document,
    partiallyFillable,
    scheme,
  };
  const quote = await place.orderBook.quote(asked, signal);
  if (quote === undefined) return undefined;
  requireAnswers(idOf(options), quote, asked);
  const guaranteed = limitOf(quote.buyAmount, slippageBps, minOutput);
  // Solvers take their costs out of the price, within the limit.
  const amounts = { sellAmount: input.atoms, feeAmount: 0n, buyAmount: guaranteed, validTo };
  return bidWith(options, request, {
    amounts,
    approvals,
    scheme,
    partiallyFillable,
    quoteId: quote.quoteId,
    expectedOutput: quote.buyAmount,
    validUntil: Math.min(quote.validUntil, validTo),
    timeSeconds: { expected: Math.min(fillSeconds, validTo - now), worst: validTo - now },
  });
}

/** What an order says in atoms, and until when. */
export interface OrderAmounts {
  /** Without the fee. */
  readonly sellAmount: bigint;
  readonly feeAmount: bigint;
  readonly buyAmount: bigint;
  /** Unix seconds. */
  readonly validTo: number;
}

/**
 * The bid for an order whose amounts are settled already, as those of a cleared batch are: filled whole or not at all.
 *
 * @param request its input is what is sold with the fee
 * @param expectedSeconds until it is settled
 * @throws as the port's `bid`; CHILD_ORDER_* when the intent does not cover it
 */
export async function bidOfAmounts(
  options: CowOptions,
  request: SolverRequest,
  amounts: OrderAmounts,
  expectedSeconds: number,
  signal: AbortSignal,
): Promise<Bid> {
  const { input, intent } = request;
  const place = chainOf(options, input.token.chainId);
  const [approvals, scheme] = await Promise.all([
    solverApprovals(place.chain, request, input.atoms, place.vaultRelayer, signal),
    schemeOf(place.chain, intent.signer, signal),
  ]);
  const worst = Math.max(0, amounts.validTo - nowSeconds(options.clock, approvals));
  return bidWith(options, request, {
    amounts,
    approvals,
    scheme,
    partiallyFillable: false,
    quoteId: undefined,
    expectedOutput: amounts.buyAmount,
    validUntil: amounts.validTo,
    timeSeconds: { expected: Math.min(expectedSeconds, worst), worst },
  });
}

interface Terms extends Pick<Bid, 'expectedOutput' | 'timeSeconds' | 'validUntil'> {
  readonly amounts: OrderAmounts;
  readonly approvals: SolverApprovals;
  readonly scheme: CowScheme;
  readonly partiallyFillable: boolean;
  readonly quoteId: number | undefined;
}

function bidWith(options: CowOptions, request: SolverRequest, terms: Terms): Bid {
  const { index, input, intent, recipient, tokenOut } = request;
  const { chainId, address: sellToken } = input.token;
  const { amounts, approvals, partiallyFillable, scheme, ...offered } = terms;
  const adapter = idOf(options);
  const { document, hash } = appDataOf(hashIntent(intent), index);
  const order: Gpv2Order = {
    sellToken,
    buyToken: tokenOut.address,
    receiver: recipient,
    ...amounts,
    appData: hash,
    kind: 'sell',
    partiallyFillable,
    sellTokenBalance: 'erc20',
    buyTokenBalance: 'erc20',
  };
  const payload = payloadJson({
    chainId,
    owner: intent.signer,
    order,
    appData: document,
    scheme,
    quoteId: offered.quoteId,
    sinceBlock: approvals.blockNumber,
  });
  return deepFreeze({
    id: quoteId(adapter, payload, offered.validUntil),
    adapter,
    child: childOf(request, {
      adapter,
      settler: chainOf(options, chainId).settlement,
      drawn: input.atoms,
      guaranteed: amounts.buyAmount,
      fillDeadline: amounts.validTo,
    }),
    input,
    guaranteedOutput: { token: tokenOut, atoms: amounts.buyAmount },
    expectedOutput: offered.expectedOutput,
    validUntil: offered.validUntil,
    timeSeconds: offered.timeSeconds,
    exclusivity: undefined,
    partialFill: partiallyFillable ? 'pro-rata' : 'none',
    onFailure: 'revert',
    gas: { paidBy: 'solver', owner: approvals.gas },
    approvals: approvals.calls,
    typedData: signedData(domainOf(options, chainId), order),
    payload,
  });
}

/** Without the domain's own type, which signers add by themselves. */
function signedData(domain: Gpv2Domain, order: Gpv2Order): TypedData {
  const { types, ...rest } = orderTypedData(domain, order);
  return { ...rest, types: { Order: types['Order']! } };
}

const DELEGATED = '0xef0100';

/** A contract signs by ERC-1271; an account that has delegated its code (EIP-7702) still signs by its key. */
async function schemeOf(chain: Chain, owner: Hex, signal: AbortSignal): Promise<CowScheme> {
  const code = await chain.code(owner, signal);
  return code === '0x' || code.startsWith(DELEGATED) ? 'eip712' : 'eip1271';
}

/** The answer has to be for what was asked, of whom it was asked for. */
function requireAnswers(adapter: string, quote: CowQuote, asked: CowQuoteRequest): void {
  for (const field of ['sellToken', 'buyToken', 'receiver', 'from'] as const) {
    if (sameAddress(quote[field], asked[field])) continue;
    throw new QuoteInconsistentError(adapter, field, `is ${quote[field]}, and ${asked[field]} was asked for`);
  }
  if (quote.sellAmount + quote.feeAmount !== asked.sellAmount) {
    const sum = quote.sellAmount + quote.feeAmount;
    throw new QuoteInconsistentError(
      adapter,
      'sellAmount',
      `and fee are ${sum}, and ${asked.sellAmount} was asked for`,
    );
  }
  if (quote.buyAmount <= 0n) throw new QuoteInconsistentError(adapter, 'buyAmount', 'is zero');
}

/** Below the quote by the slippage, not below what is asked for; an offer that is too low is shown as it is. */
function limitOf(offered: bigint, slippageBps: number, minOutput: bigint): bigint {
  const floor = (offered * BigInt(10_000 - slippageBps)) / 10_000n;
  const atLeast = floor > minOutput ? floor : minOutput;
  return atLeast < offered ? atLeast : offered > 0n ? offered : 1n;
}
