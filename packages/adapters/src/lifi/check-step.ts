import { NATIVE_ADDRESS, type QuoteRequest, sameAddress, sameToken, type Token, tokenKey } from '@evenkeel/core';
import { scaleAtoms } from '../common/amounts.js';
import { QuoteInconsistentError } from '../common/errors.js';
import { lifiChain, type LifiOptions } from './config.js';
import { LifiForeignTargetError } from './errors.js';
import type { LifiStepAnswer } from './schemas.js';

/**
 * Whether an offer is an answer to the request, agrees with itself, and stays within the allowed contracts.
 *
 * @throws {QuoteInconsistentError} naming the field that cannot be true.
 * @throws {LifiForeignTargetError} when the transaction or the approval names a contract that is not allowed.
 */
export function checkStep(options: LifiOptions, request: QuoteRequest, step: LifiStepAnswer): void {
  checkAnswersRequest(request, step);
  checkTargets(options, request, step);
  checkTolerance(request, step);
  checkIncludedSteps(step);
  checkPaidOnTop(request, step);
  checkFees(options, step);
}

function checkAnswersRequest({ input, recipient, sender, tokenOut }: QuoteRequest, step: LifiStepAnswer): void {
  const { action, estimate, transactionRequest } = step;
  const same = (field: string, ok: boolean, got: unknown): void => {
    if (!ok) throw new QuoteInconsistentError('lifi', field, `is ${String(got)}, which was not asked for`);
  };
  same('action.fromToken', isToken(action.fromToken, input.token), tokenKey(action.fromToken));
  same('action.toToken', isToken(action.toToken, tokenOut), tokenKey(action.toToken));
  same('action.fromChainId', action.fromChainId === input.token.chainId, action.fromChainId);
  same('action.toChainId', action.toChainId === tokenOut.chainId, action.toChainId);
  same('action.fromAmount', action.fromAmount === input.atoms, action.fromAmount);
  same('estimate.fromAmount', estimate.fromAmount === input.atoms, estimate.fromAmount);
  const from = transactionRequest.from ?? action.fromAddress ?? sender;
  same('transactionRequest.from', sameAddress(from, sender), from);
  same('action.toAddress', sameAddress(action.toAddress ?? recipient, recipient), action.toAddress);
  const chainId = transactionRequest.chainId ?? input.token.chainId;
  same('transactionRequest.chainId', chainId === input.token.chainId, chainId);
  same('estimate.toAmount', estimate.toAmount > 0n, estimate.toAmount);
}

/** Wrong decimals would make every other check worthless. */
function isToken(offered: Token, asked: Token): boolean {
  return sameToken(offered, asked) && offered.decimals === asked.decimals;
}

function checkTargets(options: LifiOptions, { input }: QuoteRequest, step: LifiStepAnswer): void {
  const { chainId } = input.token;
  const { targets } = lifiChain(options, chainId);
  const check = (field: string, address: string): void => {
    if (targets.some((target) => sameAddress(target, address))) return;
    throw new LifiForeignTargetError(field, address, chainId, targets);
  };
  check('transactionRequest.to', step.transactionRequest.to);
  if (input.token.address === NATIVE_ADDRESS) return;
  check('estimate.approvalAddress', step.estimate.approvalAddress ?? NATIVE_ADDRESS);
}

function checkTolerance({ slippageBps }: QuoteRequest, { estimate }: LifiStepAnswer): void {
  const { toAmount, toAmountMin } = estimate;
  if (toAmountMin <= toAmount && toAmountMin * 10_000n >= toAmount * BigInt(10_000 - slippageBps)) return;
  const problem = `is ${toAmountMin} for ${toAmount}, outside of the tolerance of ${slippageBps} bp`;
  throw new QuoteInconsistentError('lifi', 'estimate.toAmountMin', problem);
}

function checkIncludedSteps({ estimate, includedSteps }: LifiStepAnswer): void {
  const last = includedSteps.at(-1)!.estimate;
  if (last.toAmount === estimate.toAmount && last.toAmountMin === estimate.toAmountMin) return;
  const problem = `ends with ${last.toAmount}, the offer with ${estimate.toAmount}`;
  throw new QuoteInconsistentError('lifi', 'includedSteps', problem);
}

/** The transaction's value is the native input and the fees that are said to be paid on top, and not a wei more. */
function checkPaidOnTop({ input }: QuoteRequest, { estimate, transactionRequest }: LifiStepAnswer): void {
  const onTop = estimate.feeCosts.filter((fee) => !fee.included);
  const inTokens = onTop.find(({ amount, token }) => amount > 0n && token.address !== NATIVE_ADDRESS);
  if (inTokens !== undefined) {
    const problem = `"${inTokens.name}" is to be paid in ${inTokens.token.symbol} on top of the input`;
    throw new QuoteInconsistentError('lifi', 'estimate.feeCosts', problem);
  }
  const native = input.token.address === NATIVE_ADDRESS ? input.atoms : 0n;
  const stated = onTop.reduce((sum, fee) => sum + fee.amount, native);
  if (transactionRequest.value <= stated) return;
  const problem = `is ${transactionRequest.value} wei, but only ${stated} wei are accounted for`;
  throw new QuoteInconsistentError('lifi', 'transactionRequest.value', problem);
}

/** Without a swap on the way, the output is the input less the included fees: anything else is a hidden fee. */
function checkFees(options: LifiOptions, { action, estimate, includedSteps }: LifiStepAnswer): void {
  if (includedSteps.some(({ type }) => type === 'swap' || type === 'custom')) return;
  const included = (token: Token): bigint =>
    estimate.feeCosts
      .filter((fee) => fee.included && sameToken(fee.token, token))
      .reduce((sum, fee) => sum + fee.amount, 0n);
  const { fromToken, toToken } = action;
  const expected = scaleAtoms(estimate.fromAmount - included(fromToken), fromToken, toToken) - included(toToken);
  const { arithmeticToleranceBps = 1 } = options;
  const tolerance = (expected * BigInt(arithmeticToleranceBps)) / 10_000n + 1n;
  const difference = estimate.toAmount - expected;
  if (difference <= tolerance && -difference <= tolerance) return;
  const problem = `is ${estimate.toAmount}, but the input less the stated fees is ${expected}`;
  throw new QuoteInconsistentError('lifi', 'estimate.toAmount', problem);
}
