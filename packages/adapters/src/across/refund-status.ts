import { type BridgeStatus, type Hex, type Receipt, sameAddress } from '@evenkeel/core';
import * as v from 'valibot';
import { allLogs, type FoundLog } from '../common/logs.js';
import { type ContractRead, contractRead, decodeEvent, readContracts } from '../common/read.js';
import { addressSchema, wordSchema } from '../common/schemas.js';
import { addressToWord } from '../common/word.js';
import { spokePoolAbi } from './abi.js';
import { type AcrossChain, acrossChain, type AcrossOptions } from './config.js';
import { type AcrossDeposit, depositFromLog, relayHash } from './deposit-event.js';
import type { AcrossPayload } from './payload.js';

const leafSchema = v.object({
  refundAmounts: v.array(v.bigint()),
  l2TokenAddress: addressSchema,
  refundAddresses: v.array(addressSchema),
  deferredRefunds: v.boolean(),
});

const claimSchema = v.object({ l2TokenAddress: wordSchema, caller: addressSchema });

/** A payment of a root bundle to one address. */
interface Refund {
  readonly atoms: bigint;
  /** The token refused the payment to somebody in this leaf; it waits to be claimed. */
  readonly deferred: boolean;
  readonly txHash: Hex;
}

const LOOKBACK_BLOCKS = 50_000;

/**
 * Where the refund of an expired deposit is. A root bundle pays per address, not per deposit, and takes expired deposits
 * in the order of their expiry; so ours counts as refunded once the payments to its depositor cover all of the
 * depositor's unfilled deposits that expired up to ours. That may answer late, never early.
 */
export async function refundStatus(
  options: AcrossOptions,
  deposit: AcrossDeposit,
  payload: AcrossPayload,
  receipt: Receipt,
  signal: AbortSignal,
): Promise<BridgeStatus> {
  const origin = acrossChain(options, payload.inputToken.chainId);
  const latest = await origin.chain.block('latest', signal);
  const range = {
    fromBlock: Math.max(0, receipt.blockNumber - (origin.refundLookbackBlocks ?? LOOKBACK_BLOCKS)),
    toBlock: latest.number,
  };
  const [owed, refunds] = await Promise.all([
    owedUpTo(options, deposit, payload, range, signal),
    findRefunds(origin, payload, range, signal),
  ]);
  const covering = firstCovering(refunds, owed);
  if (covering === undefined) return waiting(origin, deposit, receipt, latest.number, signal);
  const received = { token: payload.inputToken, atoms: payload.inputAtoms };
  return covering.deferred
    ? claimStatus(origin, payload, covering, range, signal)
    : { state: 'refunded', received, txHash: covering.txHash };
}

interface BlockRange {
  readonly fromBlock: number;
  readonly toBlock: number;
}

/** Atoms of all deposits of the depositor in this token that expired unfilled, up to and with ours. */
async function owedUpTo(
  options: AcrossOptions,
  ours: AcrossDeposit,
  payload: AcrossPayload,
  range: BlockRange,
  signal: AbortSignal,
): Promise<bigint> {
  const { chain, spokePool } = acrossChain(options, payload.inputToken.chainId);
  const topics = [topicOf('FundsDeposited'), null, null, addressToWord(payload.depositor)];
  const logs = await allLogs(chain, { address: spokePool, topics, ...range }, signal);
  const earlier = logs
    .map(depositFromLog)
    .filter((each) => each !== undefined)
    .filter((each) => each.inputToken === ours.inputToken && each.depositId !== ours.depositId)
    .filter((each) => each.fillDeadline <= ours.fillDeadline);
  const unfilled = await unfilledOf(options, earlier, chain.id, signal);
  return unfilled.reduce((sum, each) => sum + each.inputAmount, ours.inputAmount);
}

/** Deposits to chains that we do not know were not made by this adapter: they cannot be told from filled ones. */
async function unfilledOf(
  options: AcrossOptions,
  deposits: readonly AcrossDeposit[],
  originChainId: number,
  signal: AbortSignal,
): Promise<readonly AcrossDeposit[]> {
  const unfilled = await Promise.all(
    Object.entries(options.chains).map(async ([chainId, destination]) => {
      const group = deposits.filter((deposit) => deposit.destinationChainId === BigInt(chainId));
      if (group.length === 0) return [];
      const reads = group.map((deposit) => fillStatusRead(destination, deposit, originChainId));
      const { values } = await readContracts(destination.chain, reads, signal);
      return group.filter((_, index) => values[index] !== FILLED);
    }),
  );
  return unfilled.flat();
}

/** `FillStatus` of V3SpokePoolInterface: 0 unfilled, 1 slow fill requested, 2 filled. */
export const FILLED = 2n;

export function fillStatusRead(
  destination: AcrossChain,
  deposit: AcrossDeposit,
  originChainId: number,
): ContractRead<bigint> {
  const hash = relayHash(deposit, originChainId);
  return contractRead(spokePoolAbi, destination.spokePool, 'fillStatuses', [hash], v.bigint());
}

async function findRefunds(
  { chain, spokePool }: AcrossChain,
  payload: AcrossPayload,
  range: BlockRange,
  signal: AbortSignal,
): Promise<readonly Refund[]> {
  const topics = [topicOf('ExecutedRelayerRefundRoot')];
  const logs = await allLogs(chain, { address: spokePool, topics, ...range }, signal);
  return logs.flatMap((log) => refundIn(log, payload));
}

function refundIn(log: FoundLog, payload: AcrossPayload): readonly Refund[] {
  const leaf = decodeEvent(spokePoolAbi, 'ExecutedRelayerRefundRoot', log, leafSchema);
  if (leaf === undefined || !sameAddress(leaf.l2TokenAddress, payload.inputToken.address)) return [];
  const atoms = leaf.refundAddresses.reduce(
    (sum, address, index) => sum + (sameAddress(address, payload.depositor) ? leaf.refundAmounts[index]! : 0n),
    0n,
  );
  return atoms === 0n ? [] : [{ atoms, deferred: leaf.deferredRefunds, txHash: log.txHash }];
}

/** The payment with which the sum of all payments reaches what is owed. */
function firstCovering(refunds: readonly Refund[], owed: bigint): Refund | undefined {
  let paid = 0n;
  return refunds.find(({ atoms }) => (paid += atoms) >= owed);
}

/** Expired, and nothing paid yet. */
async function waiting(
  { chain, spokePool }: AcrossChain,
  deposit: AcrossDeposit,
  receipt: Receipt,
  toBlock: number,
  signal: AbortSignal,
): Promise<BridgeStatus> {
  const topics = [topicOf('RelayedRootBundle')];
  const bundles = await allLogs(chain, { address: spokePool, topics, fromBlock: receipt.blockNumber, toBlock }, signal);
  const newest = bundles.at(-1);
  const relayedAt = newest === undefined ? 0 : (await chain.block(newest.blockNumber, signal)).timeSeconds;
  return BigInt(relayedAt) > deposit.fillDeadline
    ? {
        state: 'refund-pending',
        needsClaim: false,
        reason: 'a root bundle was relayed since the deposit expired; its refunds are still to be executed',
      }
    : {
        state: 'expired',
        reason: `nobody filled it by ${deposit.fillDeadline}; a root bundle will refund it`,
      };
}

/** The token refused a payment: ours when there is something to claim. */
async function claimStatus(
  { chain, spokePool }: AcrossChain,
  payload: AcrossPayload,
  refund: Refund,
  range: BlockRange,
  signal: AbortSignal,
): Promise<BridgeStatus> {
  const claimable = await readContracts(
    chain,
    [
      contractRead(
        spokePoolAbi,
        spokePool,
        'getRelayerRefund',
        [payload.inputToken.address, payload.depositor],
        v.bigint(),
      ),
    ],
    signal,
  );
  if (claimable.values[0] >= payload.inputAtoms) {
    return {
      state: 'refund-pending',
      needsClaim: true,
      reason: `the token refused the payment; ${payload.depositor} has to claim it from the SpokePool`,
    };
  }
  const topics = [topicOf('ClaimedRelayerRefund'), addressToWord(payload.inputToken.address)];
  const claims = await allLogs(chain, { address: spokePool, topics, ...range }, signal);
  const claim = claims.findLast((log) => {
    const decoded = decodeEvent(spokePoolAbi, 'ClaimedRelayerRefund', log, claimSchema);
    return decoded !== undefined && sameAddress(decoded.caller, payload.depositor);
  });
  const received = { token: payload.inputToken, atoms: payload.inputAtoms };
  return { state: 'refunded', received, txHash: claim?.txHash ?? refund.txHash };
}

function topicOf(event: string): Hex {
  return spokePoolAbi.getEvent(event)!.topicHash as Hex;
}
