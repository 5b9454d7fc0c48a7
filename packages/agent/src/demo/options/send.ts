import { guardCalls } from '@evenkeel/core/execution';
import {
  type Account,
  type Address,
  type Call,
  type Chain,
  type Receipt,
  sameAddress,
  type Token,
} from '@evenkeel/core';
import { Interface } from 'ethers';
import { systemClock } from '../../assemble/ambient.js';

const ERC20 = new Interface(['function approve(address spender, uint256 atoms)']);
const RECEIPT_POLL_MS = 15;
/** In a block of another second, contracts that average over time write slots that a simulation did not see. */
const GAS_MARGIN_PERCENT = 50n;

export interface SendRequest {
  readonly chain: Chain;
  readonly account: Account;
  readonly calls: readonly Call[];
  /** Contracts that may be called, besides approvals of tokens. */
  readonly targets: readonly Address[];
  /** Of the chain, which the wallet may hold. */
  readonly tokens: readonly Token[];
}

/**
 * Guards calls on the latest block, then signs and sends one after another and waits for each. An allowance says the most
 * that a call may take of a token, so that nothing else can leave the wallet.
 *
 * @returns the receipts, in the order of the calls
 * @throws GUARD_*, what the account throws, and an error where a call fails in its block
 */
export async function sendCalls(request: SendRequest, signal: AbortSignal): Promise<readonly Receipt[]> {
  const { account, calls, chain, targets, tokens } = request;
  const owner = account.addressOn(chain.id);
  const spends = tokens.map((token) => ({ token, atoms: allowedOf(calls, token) })).filter(({ atoms }) => atoms > 0n);
  const step = { id: calls[0]?.description ?? 'nothing', calls, spends, receives: [], nativeFeeWei: 0n };
  const guard = { chain, account: owner, steps: [step], targets, tokens, maxSpend: spends };
  const { steps } = await guardCalls(guard, signal);
  const gasUsed = steps[0]?.gasUsed ?? [];
  const receipts: Receipt[] = [];
  for (const [index, call] of calls.entries()) {
    const simulated = ((gasUsed[index] ?? 0n) * (100n + GAS_MARGIN_PERCENT)) / 100n;
    const gasLimit = call.minGasLimit === undefined || call.minGasLimit < simulated ? simulated : call.minGasLimit;
    receipts.push(await sendOne(chain, account, call, gasLimit, signal));
  }
  return receipts;
}

function allowedOf(calls: readonly Call[], token: Token): bigint {
  return calls
    .filter(({ purpose, to }) => purpose === 'approve' && sameAddress(to, token.address))
    .reduce((sum, { data }) => sum + (ERC20.decodeFunctionData('approve', data)[1] as bigint), 0n);
}

async function sendOne(
  chain: Chain,
  account: Account,
  call: Call,
  gasLimit: bigint,
  signal: AbortSignal,
): Promise<Receipt> {
  const [{ baseFeeWei, priorityFeeWei }, nonce] = await Promise.all([
    chain.fees(signal),
    chain.transactionCount(account.addressOn(chain.id), 'latest', signal),
  ]);
  const { hash, raw } = await account.sign(
    {
      chainId: chain.id,
      calls: [call],
      nonceKey: 0n,
      nonce: BigInt(nonce),
      gasLimit,
      maxFeePerGasWei: 2n * baseFeeWei + priorityFeeWei,
      maxPriorityFeePerGasWei: priorityFeeWei,
    },
    signal,
  );
  await chain.sendRawTransaction(raw, signal);
  for (;;) {
    const receipt = await chain.receipt(hash, signal);
    if (receipt === null) {
      await systemClock.sleep(RECEIPT_POLL_MS, signal);
      continue;
    }
    if (receipt.success) return receipt;
    throw new Error(`"${call.description}" was simulated and failed in its block: ${hash}`);
  }
}
