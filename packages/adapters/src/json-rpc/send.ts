import { keccak256 } from 'ethers';
import * as v from 'valibot';
import { InvalidInputError } from '@evenkeel/intents';
import type { Hex } from '@evenkeel/core';
import type { RpcClient } from './client.js';
import {
  RpcGarbageError,
  RpcInsufficientFundsError,
  RpcNonceTooLowError,
  RpcRejectedError,
  RpcUnderpricedError,
} from './errors.js';
import { hashSchema, hexSchema } from './schemas.js';

/** geth and reth "already known", old geth and besu "known transaction", nethermind "AlreadyKnown", erigon and others. */
const KNOWN =
  /already[ _]?known|known transaction|already (been )?imported|already[ _]?exists|already in (the )?(tx|mem)?pool/i;
const NONCE_TOO_LOW = /nonce[ _]?(is )?too[ _]?low|old ?nonce|nonce (has )?already been used|invalid nonce/i;
const UNDERPRICED = /underpriced|fee ?too ?low|fee cap less than|less than block base fee|gas price too low/i;
const UNFUNDED = /insufficient (funds|balance|sender balance)/i;

/**
 * Offers a signed transaction. Sending the same bytes twice is harmless, so "already known" is success, and so is
 * "nonce too low" when it is this very transaction that was mined.
 *
 * @param submitter takes the transaction; the same as `reader`, or a private endpoint that knows nothing else
 * @param reader is asked whether the transaction is known
 */
export async function sendRawTransaction(
  submitter: RpcClient,
  reader: RpcClient,
  raw: Hex,
  signal?: AbortSignal,
): Promise<Hex> {
  const txHash = transactionHash(raw);
  try {
    return await submitter.write(
      {
        method: 'eth_sendRawTransaction',
        params: [raw],
        schema: hashSchema,
        check: (hash, node) => {
          if (hash.toLowerCase() !== txHash) throw new RpcGarbageError(node, `hash ${hash} instead of ${txHash}`);
        },
      },
      signal,
    );
  } catch (error) {
    if (!(error instanceof RpcRejectedError)) throw error;
    if (KNOWN.test(error.rpcMessage)) return txHash;
    if (NONCE_TOO_LOW.test(error.rpcMessage)) {
      if (await isKnown(reader, txHash, signal)) return txHash;
      throw new RpcNonceTooLowError(txHash, error);
    }
    if (UNDERPRICED.test(error.rpcMessage)) throw new RpcUnderpricedError(txHash, error);
    if (UNFUNDED.test(error.rpcMessage)) throw new RpcInsufficientFundsError(txHash, error);
    throw error;
  }
}

function transactionHash(raw: Hex): Hex {
  if (!v.is(hexSchema, raw) || raw.length < 4) {
    throw new InvalidInputError('raw', typeof raw, 'is not the bytes of a transaction', 'Give 0x-prefixed hex.');
  }
  // A blob transaction is sent with its blobs, which its hash leaves out (EIP-4844).
  if (raw.startsWith('0x03')) {
    throw new InvalidInputError('raw', '0x03…', 'is a blob transaction', 'Send a transaction of type 0, 1, 2 or 4.');
  }
  return keccak256(raw) as Hex;
}

async function isKnown(reader: RpcClient, txHash: Hex, signal: AbortSignal | undefined): Promise<boolean> {
  const schema = v.nullable(v.object({ hash: hashSchema }));
  const found = await reader.read({ method: 'eth_getTransactionByHash', params: [txHash], schema }, signal);
  return found?.hash.toLowerCase() === txHash;
}
