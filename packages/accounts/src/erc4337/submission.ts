import { EvenkeelError } from '@evenkeel/intents';
import {
  type Address,
  type Chain,
  type Hex,
  type LogEntry,
  type Receipt,
  sameAddress,
  type Submission,
} from '@evenkeel/core';
import type { Bundler } from './bundler.js';
import { type EntryPoint, entryPointAbi } from './entry-point.js';
import { EntryPointMissingError, OperationMalformedError, OperationNonceUsedError } from './errors.js';
import { userOperationHash } from './hash.js';
import { type NonceKeyLayout, sequenceOf } from './nonce.js';
import { decodeOperation } from './operation-codec.js';

export interface UserOperationRoute {
  readonly entryPoint: EntryPoint;
  readonly bundler: Bundler;
}

export interface SubmissionOptions {
  /** @throws when nothing is configured for the chain */
  readonly routeOf: (chainId: number) => UserOperationRoute;
  readonly nonceKey: NonceKeyLayout;
  /** How far back the chain's logs are searched for an operation that no bundler knows. Default: 20,000. */
  readonly lookbackBlocks?: number;
}

const LOOKBACK_BLOCKS = 20_000;
/** Blocks that are searched again: a reorganisation may have put something into them. */
const REORG_BLOCKS = 64;
const OPERATION_EVENT = entryPointAbi.getEvent('UserOperationEvent')!.topicHash;
const EXECUTION_BEGINS = entryPointAbi.getEvent('BeforeExecution')!.topicHash;
/** Stands where another operation's log stood, so that what is ours keeps its place in the transaction. */
const NO_LOG: LogEntry = Object.freeze({ address: `0x${'00'.repeat(20)}`, topics: Object.freeze([]), data: '0x' });

/**
 * How user operations reach a chain, and how their fate is read. Bundlers are asked to deliver and to name transactions;
 * what is believed is the entry point: its nonce, and its event in a transaction that our own node holds. A bundler that
 * is gone, knows nothing or lies about an inclusion changes nothing: the entry point's logs are searched instead.
 */
export function userOperationSubmission(options: SubmissionOptions): Submission {
  const { routeOf, nonceKey, lookbackBlocks = LOOKBACK_BLOCKS } = options;
  /** Per operation, the block up to which there is nothing. Saves requests; forgetting it costs some. */
  const searched = new Map<Hex, number>();

  const search = async (
    chain: Chain,
    { address }: EntryPoint,
    hash: Hex,
    signal?: AbortSignal,
  ): Promise<Receipt | null> => {
    const head = (await chain.block('latest', signal)).number;
    const begin = Math.max(0, (searched.get(hash) ?? head - lookbackBlocks) - REORG_BLOCKS);
    const logs = await chain.logs({ address, topics: [OPERATION_EVENT as Hex, hash], fromBlock: begin }, signal);
    for (const { txHash } of logs) {
      const receipt = await operationReceipt(chain, address, hash, txHash, signal);
      if (receipt !== null) return receipt;
    }
    searched.set(hash, head);
    return null;
  };

  const receipt: Submission['receipt'] = async (chain, hash, signal) => {
    const { bundler, entryPoint } = routeOf(chain.id);
    const claim = await bundler.inclusion(hash, signal).catch((error: unknown) => {
      if (signal?.aborted || !(error instanceof EvenkeelError)) throw error;
      return null;
    });
    const claimed =
      claim === null ? null : await operationReceipt(chain, entryPoint.address, hash, claim.txHash, signal);
    return claimed ?? search(chain, entryPoint, hash, signal);
  };

  return Object.freeze<Submission>({
    usedNonces: async (chain, account, lane, signal) => {
      const { address } = routeOf(chain.id).entryPoint;
      return sequenceOf(await readNonce(chain, address, account, nonceKey.keyOf(lane), signal));
    },
    send: async (chain, { raw, hash }, signal) => {
      const { chainId, entryPoint, operation } = decodeOperation(raw);
      const route = routeOf(chain.id);
      if (chainId !== chain.id) throw new OperationMalformedError(`it is for chain ${chainId}, not for ${chain.id}`);
      if (userOperationHash(operation, entryPoint, chainId) !== hash.toLowerCase()) {
        throw new OperationMalformedError('its hash is another one');
      }
      try {
        await route.bundler.send(operation, entryPoint, signal);
      } catch (error) {
        // Also what a bundler says of an operation that is in the chain already.
        if (error instanceof OperationNonceUsedError && (await receipt(chain, hash, signal)) !== null) return;
        throw error;
      }
    },
    receipt,
  });
}

/** The account's next nonce under a key, key included. @throws ENTRY_POINT_MISSING */
export async function readNonce(
  chain: Chain,
  entryPoint: Address,
  account: Address,
  key: bigint,
  signal?: AbortSignal,
): Promise<bigint> {
  const data = entryPointAbi.encodeFunctionData('getNonce', [account, key]) as Hex;
  const { results } = await chain.read([{ to: entryPoint, data }], signal);
  const [result] = results;
  if (result?.success !== true || result.data.length !== 66) throw new EntryPointMissingError(chain.id, entryPoint);
  return BigInt(result.data);
}

/** A transaction's receipt as that of one operation in it; null when the transaction is not there or holds it not. */
async function operationReceipt(
  chain: Chain,
  entryPoint: Address,
  hash: Hex,
  txHash: Hex,
  signal?: AbortSignal,
): Promise<Receipt | null> {
  const receipt = await chain.receipt(txHash, signal);
  return receipt === null ? null : receiptOfOperation(receipt, entryPoint, hash);
}

/**
 * What an operation did and cost within its bundle: the logs of its own execution, and those of validation when it is
 * the first of its sender there. Gas is what the entry point took from the account, to the wei: nothing when a paymaster
 * paid.
 */
export function receiptOfOperation(receipt: Receipt, entryPoint: Address, hash: Hex): Receipt | null {
  const isOurs = (log: LogEntry): boolean => sameAddress(log.address, entryPoint);
  const events = receipt.logs.map((log) =>
    isOurs(log) && log.topics[0] === OPERATION_EVENT
      ? entryPointAbi.parseLog({ ...log, topics: [...log.topics] })
      : null,
  );
  const at = events.findIndex((event) => event?.args['userOpHash'] === hash.toLowerCase());
  const own = events[at];
  if (own === undefined || own === null) return null;
  const sender = String(own.args['sender']);
  const begins = receipt.logs.findIndex((log) => isOurs(log) && log.topics[0] === EXECUTION_BEGINS);
  const previous = events.findLastIndex((event, index) => event !== null && index < at);
  const isFirstOfSender = events.findIndex((event) => event?.args['sender'] === sender) === at;
  const isPart = (index: number): boolean =>
    index < begins ? isFirstOfSender : index > Math.max(begins, previous) && index <= at;
  const paid = BigInt(String(own.args['paymaster'])) === 0n ? (own.args['actualGasCost'] as bigint) : 0n;
  const used = own.args['actualGasUsed'] as bigint;
  // The entry point's own product, but where it capped the cost: then one wei a unit keeps it exact.
  const isProduct = used > 0n && paid % used === 0n;
  return Object.freeze({
    ...receipt,
    success: receipt.success && (own.args['success'] as boolean),
    gasUsed: isProduct ? used : paid,
    effectiveGasPriceWei: isProduct ? paid / used : 1n,
    l1FeeWei: 0n,
    logs: Object.freeze(receipt.logs.map((log, index) => (isPart(index) ? log : NO_LOG))),
  });
}
