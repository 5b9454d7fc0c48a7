import { type Fee, type FeeKind, NATIVE_ADDRESS, type Quote, type QuoteRequest } from '@evenkeel/core';
import { nowSeconds } from '../common/clock.js';
import { allowanceRead, REVOKE_GAS } from '../common/erc20.js';
import { DeadlineUnreachableError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { quoteId } from '../common/quote-id.js';
import { readContracts } from '../common/read.js';
import { checkRequest } from '../common/request.js';
import { checkStep } from './check-step.js';
import type { LifiClient } from './client.js';
import { lifiChain, type LifiOptions } from './config.js';
import { type LifiPayload, payloadJson } from './payload.js';
import type { LifiStepAnswer } from './schemas.js';

/** Measured: an exact approval, which LI.FI does not count. */
const APPROVE_GAS = 46_000n;

/** What a bridge and a venue say differently of the same offer. */
export type QuoteTerms = Pick<Quote, 'kind' | 'onFailure' | 'timeSeconds'> & Pick<Partial<Quote>, 'riskBearer'>;

/** An offer of LI.FI for one amount, checked against the request and against itself. */
export async function lifiQuote(
  options: LifiOptions,
  client: LifiClient,
  adapter: string,
  request: QuoteRequest,
  termsOf: (step: LifiStepAnswer) => QuoteTerms,
  signal: AbortSignal,
): Promise<Quote> {
  checkRequest(request);
  const step = await client.quote(quoteParams(options, request), signal);
  checkStep(options, request, step);
  const terms = termsOf(step);
  const { block, payload } = await payloadOf(options, request, step, signal);
  const now = nowSeconds(options.clock, block);
  const arrival = now + terms.timeSeconds.expected;
  if (arrival > request.deadline) throw new DeadlineUnreachableError(adapter, request.deadline, arrival);
  const { quoteLifeSeconds = 30 } = options;
  const json = payloadJson(payload);
  return deepFreeze({
    ...terms,
    id: quoteId(adapter, json, now + quoteLifeSeconds),
    adapter,
    input: { token: { ...request.input.token }, atoms: request.input.atoms },
    output: { token: { ...request.tokenOut }, atoms: step.estimate.toAmount },
    minReceived: step.estimate.toAmountMin,
    fees: step.estimate.feeCosts.map(({ amount, included, name, token }): Fee => ({
      kind: feeKind(name),
      amount: { token, atoms: amount },
      included,
    })),
    gas: [{ chainId: request.input.token.chainId, units: gasUnits(request, step) }],
    validUntil: now + quoteLifeSeconds,
    asOf: { source: `lifi:${step.tool}`, timeSeconds: now },
    payload: json,
  } satisfies Quote);
}

type QuoteParams = Parameters<LifiClient['quote']>[0];

function quoteParams(
  options: LifiOptions,
  { input, recipient, sender, slippageBps, tokenOut }: QuoteRequest,
): QuoteParams {
  const tools = Object.fromEntries(Object.entries(options.tools ?? {}).map(([key, list]) => [key, [...list]]));
  return {
    ...tools,
    fromChain: input.token.chainId,
    fromToken: input.token.address,
    fromAddress: sender,
    fromAmount: input.atoms.toString(),
    toChain: tokenOut.chainId,
    toToken: tokenOut.address,
    toAddress: recipient,
    slippage: askedSlippage(slippageBps),
    order: 'CHEAPEST',
  };
}

/** A hundredth of a basis point less than what is tolerated, so that LI.FI's rounding stays within. */
function askedSlippage(slippageBps: number): string {
  return (Math.max(0, slippageBps - 0.01) / 10_000).toFixed(6);
}

async function payloadOf(
  options: LifiOptions,
  request: QuoteRequest,
  step: LifiStepAnswer,
  signal: AbortSignal,
): Promise<{ readonly payload: LifiPayload; readonly block: { readonly timeSeconds: number } }> {
  const { token } = request.input;
  const isNative = token.address === NATIVE_ADDRESS;
  const spender = step.estimate.approvalAddress ?? step.transactionRequest.to;
  const reads = isNative ? [] : [allowanceRead(token, request.sender, spender)];
  const { block, values } = await readContracts(lifiChain(options, token.chainId).chain, reads, signal);
  const payload: LifiPayload = {
    tool: step.tool,
    inputToken: token,
    outputToken: request.tokenOut,
    inputAtoms: request.input.atoms,
    minReceived: step.estimate.toAmountMin,
    sender: request.sender,
    recipient: request.recipient,
    to: step.transactionRequest.to,
    data: step.transactionRequest.data,
    valueWei: step.transactionRequest.value,
    approvalAddress: isNative ? undefined : spender,
    resetAllowance: (values[0] ?? 0n) > 0n,
  };
  return { payload, block };
}

/** LI.FI names its fees in words only. */
function feeKind(name: string): FeeKind {
  if (/li\.?fi|integrator|partner/i.test(name)) return 'integrator';
  if (/relay|solver|gas/i.test(name)) return 'relayer';
  if (/\blp\b|liquidity/i.test(name)) return 'liquidity-provider';
  if (/message|layerzero|native fee/i.test(name)) return 'message';
  return /bridge|protocol/i.test(name) ? 'bridge' : 'other';
}

function gasUnits({ input }: QuoteRequest, { estimate }: LifiStepAnswer): bigint {
  const stated = estimate.gasCosts
    .filter(({ token }) => token.chainId === input.token.chainId)
    .reduce((sum, cost) => sum + cost.estimate, 0n);
  return input.token.address === NATIVE_ADDRESS ? stated : stated + APPROVE_GAS + REVOKE_GAS;
}
