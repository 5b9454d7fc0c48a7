import {
  type Address,
  type Chain,
  type Hex,
  type LogEntry,
  type Receipt,
  sameAddress,
  type Submission,
} from '@evenkeel/core';
import { askSigner } from '../eoa/ask-signer.js';
import { checkedTransaction } from '../eoa/signed-transaction.js';
import type { Eip1559Transaction, EoaSigner } from '../eoa/signer.js';
import { checksummed } from '../checksummed.js';
import { AccountSafeUnknownError, SafeOperationMalformedError, SafeOperationRefusedError } from './errors.js';
import { decodeSafeOperation, type SafeOperation } from './operation-codec.js';
import { execCalldata, safeAbi, safeTransactionHash } from './transaction.js';

export interface SafeSubmissionOptions {
  readonly safe: Address;
  /** An EOA with native coin. It signs transactions that do nothing but deliver what the owners have signed. */
  readonly relayer: Pick<EoaSigner, 'address' | 'signTransaction'>;
  /** How far back the chain's logs are searched. Default: 20,000. */
  readonly lookbackBlocks?: number;
}

const LOOKBACK_BLOCKS = 20_000;
const SUCCESS = safeAbi.getEvent('ExecutionSuccess')!.topicHash as Hex;
const FAILURE = safeAbi.getEvent('ExecutionFailure')!.topicHash as Hex;
/** Signatures, storage and events of the Safe itself, and the calldata of the whole. */
const OVERHEAD_GAS = 150_000n;
const GAS_PER_BYTE = 40n;

/**
 * How signed transactions of a Safe reach a chain: anybody may deliver them, any number of times, for the Safe's own nonce
 * lets each happen once. Here one relayer does. The same operation gives the same transaction of the relayer until that is
 * mined, so sending it again replaces nothing.
 *
 * What is believed is the Safe: its nonce, and its event in a transaction that our own node holds.
 */
export function safeSubmission({ lookbackBlocks, relayer, safe }: SafeSubmissionOptions): Submission {
  const relayerAddress = checksummed('relayer.address', relayer.address);
  const lookback = lookbackBlocks ?? LOOKBACK_BLOCKS;
  return Object.freeze<Submission>({
    usedNonces: (chain, account, _key, signal) => readNonce(chain, account, signal),
    send: async (chain, { hash, raw }, signal) => {
      const operation = decodeSafeOperation(raw);
      assertOurs(operation, chain, safe, hash);
      // Another transaction of the Safe, or this one, has used the nonce: there is nothing left to deliver.
      if ((await readNonce(chain, safe, signal)) > operation.transaction.nonce) return;
      const data = execCalldata(operation.transaction, operation.signatures);
      await assertAccepted(chain, operation, data, relayerAddress, signal);
      const wanted: Eip1559Transaction = Object.freeze({
        type: 2,
        chainId: chain.id,
        nonce: await chain.transactionCount(relayerAddress, 'latest', signal),
        to: safe.toLowerCase(),
        value: 0n,
        data,
        gasLimit: relayGas(operation, data),
        maxFeePerGas: operation.maxFeePerGasWei,
        maxPriorityFeePerGas: operation.maxPriorityFeePerGasWei,
      });
      const signed = await askSigner('transaction', () => relayer.signTransaction(wanted));
      await chain.sendRawTransaction(checkedTransaction(signed, wanted, relayerAddress).raw, signal);
    },
    receipt: async (chain, hash, signal) => {
      const head = (await chain.block('latest', signal)).number;
      const fromBlock = Math.max(0, head - lookback);
      for (const topic of [SUCCESS, FAILURE]) {
        const logs = await chain.logs({ address: safe, topics: [topic, hash], fromBlock }, signal);
        for (const { txHash } of logs) {
          const receipt = await chain.receipt(txHash, signal);
          const own = receipt?.logs.find((log) => isEventOf(log, safe, hash));
          if (receipt && own) return receiptOfSafe(receipt, hash, own);
        }
      }
      return null;
    },
  });
}

/** @throws ACCOUNT_SAFE_UNKNOWN */
async function readNonce(chain: Chain, safe: Address, signal?: AbortSignal): Promise<bigint> {
  const { results } = await chain.read([{ to: safe, data: safeAbi.encodeFunctionData('nonce') as Hex }], signal);
  const [result] = results;
  if (result?.success !== true || result.data.length !== 66)
    throw new AccountSafeUnknownError(safe, chain.id, undefined);
  return BigInt(result.data);
}

function assertOurs({ chainId, safe: of, transaction }: SafeOperation, chain: Chain, safe: Address, hash: Hex): void {
  if (chainId !== chain.id) throw new SafeOperationMalformedError(`they are for chain ${chainId}, not for ${chain.id}`);
  if (!sameAddress(of, safe)) throw new SafeOperationMalformedError(`they are for the Safe ${of}, not for ${safe}`);
  if (safeTransactionHash(chainId, of, transaction) === hash.toLowerCase()) return;
  throw new SafeOperationMalformedError('their hash is another one');
}

/** @throws SAFE_OPERATION_REFUSED */
async function assertAccepted(
  chain: Chain,
  operation: SafeOperation,
  data: Hex,
  from: Address,
  signal?: AbortSignal,
): Promise<void> {
  const { safe } = operation;
  const call = { to: safe, data, valueWei: 0n, gasLimit: relayGas(operation, data) };
  const [result] = await chain.simulate({ from, calls: [call] }, signal);
  if (result?.success === true) return;
  throw new SafeOperationRefusedError(safe, chain.id, result?.error ?? 'without a reason');
}

/** The Safe wants 64/63 of what its calls get, and 2,500 at least. */
function relayGas({ transaction }: SafeOperation, data: Hex): bigint {
  const bytes = BigInt(data.length / 2);
  return (transaction.safeTxGas * 64n) / 63n + OVERHEAD_GAS + GAS_PER_BYTE * bytes;
}

const isEventOf = ({ address, topics }: LogEntry, safe: Address, hash: Hex): boolean =>
  sameAddress(address, safe) && (topics[0] === SUCCESS || topics[0] === FAILURE) && topics[1] === hash.toLowerCase();

/** Of the operation: the relayer has paid, and the Safe nothing. */
function receiptOfSafe(receipt: Receipt, hash: Hex, { topics }: LogEntry): Receipt {
  const success = receipt.success && topics[0] === SUCCESS;
  return Object.freeze({ ...receipt, success, effectiveGasPriceWei: 0n, l1FeeWei: 0n, operation: hash });
}
