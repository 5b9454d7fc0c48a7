import type { Address, Hex, Token } from '@evenkeel/core';
import { AbiCoder } from 'ethers';
import { INSTRUCTIONS_TYPE } from './abi.js';

/** One call that the handler makes on the destination, after the money has arrived at it. */
export interface ArrivalCall {
  readonly to: Address;
  readonly data: Hex;
  readonly valueWei: bigint;
}

/**
 * What is to be done with the money on arrival. The calls run all or none; when they fail, and for what they leave
 * over, the bridged token itself goes to the recipient.
 */
export interface ArrivalAction {
  /** What crosses: `to` of one of the adapter's lanes. */
  readonly bridgedToken: Token;
  /** What the calls are expected to yield, and the least that counts as filled; atoms of `request.tokenOut`. */
  readonly expectedAtoms: bigint;
  readonly minReceived: bigint;
  /**
   * The calls for what will really arrive. The handler holds `bridgedAtoms` and makes them, so what they yield has to
   * be sent to `recipient`.
   */
  calls(bridgedAtoms: bigint, recipient: Address): readonly ArrivalCall[];
}

/**
 * The message that makes the MulticallHandler run `calls` and give to `recipient` what they leave over: without calls,
 * the whole amount as a token, which is how an account without code receives a wrapped native coin unwrapped.
 */
export function arrivalMessage(calls: readonly ArrivalCall[], recipient: Address): Hex {
  const instructions = [calls.map(({ data, to, valueWei }) => [to, data, valueWei]), recipient];
  return AbiCoder.defaultAbiCoder().encode([INSTRUCTIONS_TYPE], [instructions]) as Hex;
}
