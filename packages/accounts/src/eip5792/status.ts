import type { Hex } from '@evenkeel/core';
import * as v from 'valibot';
import { hashSchema } from '../rpc/schemas.js';
import { WalletGarbageError } from './errors.js';
import { askWallet, type Eip1193Provider, UNKNOWN_ID, WalletCodeError } from './provider.js';

/**
 * Where a request is (EIP-5792, status codes): `pending` 100, `confirmed` 200, `failed-offchain` 400 (it never happens),
 * `reverted` 500 (all of it), `reverted-partly` 600; `unknown` is one that the wallet does not know.
 */
export interface CallsStatus {
  readonly state: 'unknown' | 'pending' | 'confirmed' | 'failed-offchain' | 'reverted' | 'reverted-partly';
  /** Of transactions that the wallet names; empty before there are any. */
  readonly txHashes: readonly Hex[];
}

const METHOD = 'wallet_getCallsStatus';

const statusSchema = v.object({
  id: v.string(),
  status: v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(699)),
  receipts: v.optional(v.array(v.object({ transactionHash: hashSchema }))),
});

/** @throws ACCOUNT_WALLET_*, WALLET_GARBAGE, ABORTED */
export async function callsStatus(provider: Eip1193Provider, id: Hex, signal?: AbortSignal): Promise<CallsStatus> {
  let answer: v.InferOutput<typeof statusSchema>;
  try {
    answer = await askWallet(provider, METHOD, [id], statusSchema, signal, [UNKNOWN_ID]);
  } catch (error) {
    if (error instanceof WalletCodeError) return Object.freeze({ state: 'unknown', txHashes: [] });
    throw error;
  }
  if (answer.id.toLowerCase() !== id.toLowerCase())
    throw new WalletGarbageError(METHOD, 'the status of another request');
  const txHashes = Object.freeze((answer.receipts ?? []).map(({ transactionHash }) => transactionHash));
  switch (Math.floor(answer.status / 100)) {
    case 1:
      return Object.freeze({ state: 'pending', txHashes: [] });
    case 2:
      return Object.freeze({ state: 'confirmed', txHashes });
    case 4:
      return Object.freeze({ state: 'failed-offchain', txHashes: [] });
    case 5:
      return Object.freeze({ state: 'reverted', txHashes });
    case 6:
      return Object.freeze({ state: 'reverted-partly', txHashes });
    default:
      throw new WalletGarbageError(METHOD, `status ${answer.status}`);
  }
}
