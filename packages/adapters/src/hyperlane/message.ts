import { type Address, type Hex, type LogEntry, type Receipt, sameAddress } from '@evenkeel/core';
import { concat, dataLength, dataSlice, keccak256, toBeHex } from 'ethers';
import * as v from 'valibot';
import { decodeEvent } from '../common/read.js';
import { hexSchema } from '../common/schemas.js';
import { addressToWord } from '../common/word.js';
import { mailboxAbi } from './abi.js';

/**
 * A Hyperlane message as `Message.sol` packs it: version (1 byte), nonce (4), origin domain (4), sender (32),
 * destination domain (4), recipient (32), body.
 */
export interface HyperlaneMessage {
  /** keccak256 of the packed message. */
  readonly id: Hex;
  readonly packed: Hex;
  readonly origin: number;
  readonly sender: Hex;
  readonly destination: number;
  readonly recipient: Hex;
  readonly body: Hex;
}

const BODY_OFFSET = 77;

export function unpackMessage(packed: Hex): HyperlaneMessage | undefined {
  if (dataLength(packed) < BODY_OFFSET) return undefined;
  const slice = (from: number, to?: number): Hex => dataSlice(packed, from, to) as Hex;
  return {
    id: keccak256(packed) as Hex,
    packed,
    origin: Number(slice(5, 9)),
    sender: slice(9, 41),
    destination: Number(slice(41, 45)),
    recipient: slice(45, BODY_OFFSET),
    body: slice(BODY_OFFSET),
  };
}

/** Body of a token transfer (`TokenMessage.sol`): recipient and amount, in the units of the message. */
export function transferBody(recipient: Address, messageAtoms: bigint): Hex {
  return concat([addressToWord(recipient), toBeHex(messageAtoms, 32)]) as Hex;
}

/** What a message of ours must say. */
export interface ExpectedMessage {
  readonly destination: number;
  readonly sender: Address;
  readonly recipient: Address;
  readonly body: Hex;
}

/** Our message in its origin transaction, which may hold others as well. */
export function findMessage(
  receipt: Receipt,
  mailbox: Address,
  expected: ExpectedMessage,
): HyperlaneMessage | undefined {
  return receipt.logs
    .filter((log) => sameAddress(log.address, mailbox))
    .map(dispatchedMessage)
    .find((message) => message !== undefined && isExpected(message, expected));
}

const dispatchSchema = v.object({ message: hexSchema });

function dispatchedMessage(log: LogEntry): HyperlaneMessage | undefined {
  const dispatch = decodeEvent(mailboxAbi, 'Dispatch', log, dispatchSchema);
  return dispatch === undefined ? undefined : unpackMessage(dispatch.message);
}

function isExpected(message: HyperlaneMessage, expected: ExpectedMessage): boolean {
  return (
    message.destination === expected.destination &&
    message.sender === addressToWord(expected.sender) &&
    message.recipient === addressToWord(expected.recipient) &&
    message.body === expected.body
  );
}
