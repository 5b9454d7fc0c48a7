import { EvenkeelError } from '@evenkeel/intents';
import type { Account, Call, Chain, OperationRequest, Receipt, SignedOperation } from '@evenkeel/core';
import { type Fail, say } from './check.js';

/** An account with what it takes to try it. */
export interface AccountSubject {
  readonly account: Account;
  readonly chain: Chain;
  /**
   * Two calls of which the second needs the first: an approval, and what uses it. They have to succeed any number of
   * times.
   */
  readonly calls: readonly [Call, Call];
  /** Succeeds by itself, and moves what `effect` counts by one as the two calls together do. */
  readonly single: Call;
  /** A call that always reverts. */
  readonly reverting: Call;
  /** How often the calls have taken effect on chain. */
  effect(): Promise<number>;
  /** Native coin that is the account's, deposits included, wei. */
  heldWei(): Promise<bigint>;
  /** Enough for the calls. Units. */
  readonly gasLimit: bigint;
  /** Longest that an answer may take. Default: 10,000. */
  readonly timeoutMs?: number;
}

/** Between two looks at a chain. */
export const POLL_MS = 20;

/** A capability without which a check has nothing to try. */
interface Requirement {
  readonly name: string;
  readonly has: (subject: AccountSubject) => boolean;
}

export const BATCHES: Requirement = { name: 'atomicBatch', has: ({ account }) => account.capabilities.atomicBatch };
export const SINGLES: Requirement = {
  name: 'no atomicBatch',
  has: ({ account }) => !account.capabilities.atomicBatch,
};
export const REVOCABLE: Requirement = {
  name: 'revocable',
  has: ({ account }) => account.capabilities.irrevocable !== true,
};

export async function sign(subject: AccountSubject, calls: readonly Call[]): Promise<SignedOperation> {
  return subject.account.sign(await requestOf(subject, calls));
}

export async function requestOf(subject: AccountSubject, calls: readonly Call[]): Promise<OperationRequest> {
  const { baseFeeWei, priorityFeeWei } = await subject.chain.fees();
  return {
    chainId: subject.chain.id,
    calls,
    nonceKey: 0n,
    nonce: await usedNonces(subject),
    gasLimit: subject.gasLimit,
    maxFeePerGasWei: 2n * baseFeeWei + priorityFeeWei,
    maxPriorityFeePerGasWei: priorityFeeWei,
  };
}

export function usedNonces({ account, chain }: AccountSubject): Promise<bigint> {
  return account.submission.usedNonces(chain, account.addressOn(chain.id), 0n);
}

export function receiptOf({ account, chain }: AccountSubject, hash: SignedOperation['hash']): Promise<Receipt | null> {
  return account.submission.receipt(chain, hash);
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

export async function outcomeOf<T>(task: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await task };
  } catch (error) {
    return { ok: false, error };
  }
}

export function requireOurs(what: string, error: unknown, fail: Fail): void {
  if (error instanceof EvenkeelError) return;
  // Two copies of the package may be about, and each has a class of its own: the shape counts.
  if (error instanceof Error && typeof (error as { code?: unknown }).code === 'string' && 'retryable' in error) return;
  fail(
    `${what} to throw an EvenkeelError`,
    `it threw ${say(error)}`,
    'Wrap it, with a stable code and the way out.',
    error,
  );
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
