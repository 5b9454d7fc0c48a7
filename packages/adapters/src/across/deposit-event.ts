import { type Hex, type LogEntry, type Receipt, sameAddress } from '@evenkeel/core';
import { AbiCoder, keccak256 } from 'ethers';
import * as v from 'valibot';
import { decodeEvent } from '../common/read.js';
import { hexSchema, wordSchema } from '../common/schemas.js';
import { addressToWord } from '../common/word.js';
import { RELAY_DATA_TYPE, spokePoolAbi } from './abi.js';
import type { AcrossPayload } from './payload.js';

/** A deposit as the SpokePool announced it; addresses as 32-byte words, times in unix seconds. */
export interface AcrossDeposit {
  readonly inputToken: Hex;
  readonly outputToken: Hex;
  readonly inputAmount: bigint;
  readonly outputAmount: bigint;
  readonly destinationChainId: bigint;
  readonly depositId: bigint;
  readonly quoteTimestamp: bigint;
  readonly fillDeadline: bigint;
  readonly exclusivityDeadline: bigint;
  readonly depositor: Hex;
  readonly recipient: Hex;
  readonly exclusiveRelayer: Hex;
  readonly message: Hex;
}

const depositSchema: v.GenericSchema<unknown, AcrossDeposit> = v.object({
  inputToken: wordSchema,
  outputToken: wordSchema,
  inputAmount: v.bigint(),
  outputAmount: v.bigint(),
  destinationChainId: v.bigint(),
  depositId: v.bigint(),
  quoteTimestamp: v.bigint(),
  fillDeadline: v.bigint(),
  exclusivityDeadline: v.bigint(),
  depositor: wordSchema,
  recipient: wordSchema,
  exclusiveRelayer: wordSchema,
  message: hexSchema,
});

export function depositFromLog(log: Pick<LogEntry, 'topics' | 'data'>): AcrossDeposit | undefined {
  return decodeEvent(spokePoolAbi, 'FundsDeposited', log, depositSchema);
}

/** Our deposit in its origin transaction, which may hold others as well. */
export function findDeposit(receipt: Receipt, spokePool: string, payload: AcrossPayload): AcrossDeposit | undefined {
  return receipt.logs
    .filter((log) => sameAddress(log.address, spokePool))
    .map(depositFromLog)
    .find((deposit) => deposit !== undefined && isOurs(deposit, payload));
}

function isOurs(deposit: AcrossDeposit, payload: AcrossPayload): boolean {
  return (
    deposit.depositor === addressToWord(payload.depositor) &&
    deposit.recipient === addressToWord(payload.payee) &&
    deposit.inputToken === addressToWord(payload.inputToken.address) &&
    deposit.outputToken === addressToWord(payload.bridgedToken.address) &&
    deposit.inputAmount === payload.inputAtoms &&
    deposit.outputAmount === payload.bridgedAtoms &&
    deposit.destinationChainId === BigInt(payload.bridgedToken.chainId) &&
    deposit.fillDeadline === BigInt(payload.fillDeadline) &&
    deposit.message.toLowerCase() === payload.message.toLowerCase()
  );
}

/** The key of `fillStatuses`: `keccak256(abi.encode(V3RelayData, destinationChainId))`. */
export function relayHash(deposit: AcrossDeposit, originChainId: number): Hex {
  const relay = [
    deposit.depositor,
    deposit.recipient,
    deposit.exclusiveRelayer,
    deposit.inputToken,
    deposit.outputToken,
    deposit.inputAmount,
    deposit.outputAmount,
    originChainId,
    deposit.depositId,
    deposit.fillDeadline,
    deposit.exclusivityDeadline,
    deposit.message,
  ];
  const encoded = AbiCoder.defaultAbiCoder().encode([RELAY_DATA_TYPE, 'uint256'], [relay, deposit.destinationChainId]);
  return keccak256(encoded) as Hex;
}
