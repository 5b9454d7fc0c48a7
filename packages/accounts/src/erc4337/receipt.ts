import { type Address, type Hex, type LogEntry, type Receipt, sameAddress } from '@evenkeel/core';
import { CANONICAL_ENTRY_POINTS, entryPointAbi } from './entry-point.js';

export const OPERATION_EVENT: Hex = entryPointAbi.getEvent('UserOperationEvent')!.topicHash as Hex;
const EXECUTION_BEGINS: Hex = entryPointAbi.getEvent('BeforeExecution')!.topicHash as Hex;
/** Stands where another operation's log stood, so that what is ours keeps its place in the transaction. */
const NO_LOG: LogEntry = Object.freeze({ address: `0x${'00'.repeat(20)}`, topics: Object.freeze([]), data: '0x' });

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
    operation: hash,
    logs: Object.freeze(receipt.logs.map((log, index) => (isPart(index) ? log : NO_LOG))),
  });
}

/** For accounts whose wallet may have gone through a bundler: the receipt of their own operation, if there is one. */
export function receiptOfSender(receipt: Receipt, sender: Address): Receipt {
  const topic = `0x${sender.slice(2).toLowerCase().padStart(64, '0')}`;
  const own = receipt.logs.find(
    ({ address, topics }) =>
      CANONICAL_ENTRY_POINTS.some((each) => sameAddress(each, address)) &&
      topics[0] === OPERATION_EVENT &&
      topics[2]?.toLowerCase() === topic,
  );
  const hash = own?.topics[1];
  return own === undefined || hash === undefined
    ? receipt
    : (receiptOfOperation(receipt, own.address, hash) ?? receipt);
}
