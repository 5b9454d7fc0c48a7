import { EvenkeelError } from '@evenkeel/intents';
import * as v from 'valibot';
import { RelayAbortedError } from '../rpc/errors.js';
import {
  AccountWalletFailedError,
  AccountWalletRejectedError,
  AccountWalletUnsupportedError,
  WalletGarbageError,
} from './errors.js';

/** What wallets give to pages (EIP-1193). */
export interface Eip1193Provider {
  request(args: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>;
}

/** A wallet's own error code, kept for those who know what to do about it. */
export class WalletCodeError extends Error {
  constructor(readonly walletCode: number) {
    super(`wallet error ${walletCode}`);
  }
}

/** EIP-5792, "Error codes". */
export const DUPLICATE_ID = 5_720;
export const UNKNOWN_ID = 5_730;
const REJECTED: ReadonlySet<number> = new Set([4_001, 5_750]);
const UNSUPPORTED: ReadonlySet<number> = new Set([4_100, 4_200, -32_601, 5_700, 5_710, 5_740, 5_760]);

/**
 * One request to a wallet, its answer checked by schema. A person may take minutes over it, so there is no time limit but
 * the caller's signal. Nothing of a wallet's message is repeated.
 *
 * @param expected codes that the caller understands: they come back as {@link WalletCodeError}
 * @throws ACCOUNT_WALLET_REJECTED, ACCOUNT_WALLET_UNSUPPORTED, ACCOUNT_WALLET_FAILED, WALLET_GARBAGE, ABORTED
 */
export async function askWallet<T>(
  provider: Eip1193Provider,
  method: string,
  params: readonly unknown[],
  schema: v.GenericSchema<unknown, T>,
  signal?: AbortSignal,
  expected: readonly number[] = [],
): Promise<T> {
  const answer = await orAborted(signal, async () => {
    try {
      return await provider.request({ method, params });
    } catch (error) {
      throw walletError(error, method, expected);
    }
  });
  const parsed = v.safeParse(schema, answer);
  if (parsed.success) return parsed.output;
  const path = v.getDotPath(parsed.issues[0]);
  throw new WalletGarbageError(method, path === null ? 'another shape' : `another shape at ${path}`);
}

function walletError(error: unknown, method: string, expected: readonly number[]): Error {
  if (error instanceof EvenkeelError) return error;
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (typeof code !== 'number') return new AccountWalletFailedError(method, undefined);
  if (expected.includes(code)) return new WalletCodeError(code);
  if (REJECTED.has(code)) return new AccountWalletRejectedError(method, code);
  return UNSUPPORTED.has(code)
    ? new AccountWalletUnsupportedError(method, code)
    : new AccountWalletFailedError(method, code);
}

/** A provider cannot be told to stop: the caller stops waiting, the provider may not. */
async function orAborted<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
  if (signal === undefined) return task();
  if (signal.aborted) throw new RelayAbortedError(signal.reason);
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new RelayAbortedError(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([task(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
