import {
  type Address,
  type Chain,
  type Clock,
  type Lane,
  sameAddress,
  sameToken,
  type Token,
  tokenKey,
} from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { LaneUnsupportedError } from '../common/errors.js';
import type { AcrossFeeSource } from './fee-source.js';

/** One chain that Across serves. */
export interface AcrossChain {
  readonly chain: Chain;
  readonly spokePool: Address;
  /** Needed for calls on arrival, and to receive the wrapped native coin as a token. */
  readonly multicallHandler?: Address;
  /** The SpokePool hands this token to accounts without code as native coin, unless it goes through the handler. */
  readonly wrappedNative?: Address;
  /**
   * How far back the deposits and refunds of a depositor are looked for when an expired deposit waits for its refund:
   * longer than the life of a deposit and its bundle. Blocks; default 50,000.
   */
  readonly refundLookbackBlocks?: number;
}

export interface AcrossOptions {
  readonly chains: Readonly<Record<number, AcrossChain>>;
  readonly lanes: readonly Lane[];
  readonly fees: AcrossFeeSource;
  readonly clock: Clock;
  /** How long relayers may take; a deposit that nobody fills by then is refunded. Seconds; default 3,600. */
  readonly fillWindowSeconds?: number;
  /** How long a quote may be accepted. Seconds; default 60. */
  readonly quoteLifeSeconds?: number;
}

/** The configured chain. @throws {InvalidInputError} when there is none. */
export function acrossChain(options: AcrossOptions, chainId: number): AcrossChain {
  const found = options.chains[chainId];
  if (found !== undefined) return found;
  throw new InvalidInputError('chains', chainId, 'does not name this chain', 'Add its chain and SpokePool.');
}

/** The lane that was configured for these tokens. */
export function configuredLane(options: AcrossOptions, lane: Lane): Lane {
  const found = options.lanes.find((each) => sameToken(each.from, lane.from) && sameToken(each.to, lane.to));
  if (found === undefined) throw new LaneUnsupportedError('across', lane);
  return found;
}

/** Whether a token has to pass through the handler to arrive as a token. */
export function arrivesAsNative(options: AcrossOptions, token: Token): boolean {
  const { wrappedNative } = acrossChain(options, token.chainId);
  return wrappedNative !== undefined && sameAddress(wrappedNative, token.address);
}

/** @throws {InvalidInputError} that names the field. */
export function checkOptions(options: AcrossOptions): void {
  for (const [key, { chain }] of Object.entries(options.chains)) {
    if (chain.id === Number(key)) continue;
    throw new InvalidInputError(`chains[${key}].chain`, chain.id, 'is another chain', `Give chain ${key}.`);
  }
  options.lanes.forEach((lane, index) => checkLane(options, lane, `lanes[${index}]`));
}

function checkLane(options: AcrossOptions, lane: Lane, field: string): void {
  for (const side of ['from', 'to'] as const) {
    const token = lane[side];
    if (options.chains[token.chainId] === undefined) {
      throw new InvalidInputError(`${field}.${side}`, tokenKey(token), 'is on a chain without a SpokePool', 'Add it.');
    }
    if (/^0x0{40}$/.test(token.address)) {
      throw new InvalidInputError(`${field}.${side}`, token.symbol, 'is a native coin', 'Name its wrapped token.');
    }
  }
  if (lane.from.chainId === lane.to.chainId) {
    throw new InvalidInputError(field, lane.to.chainId, 'stays on one chain', 'Name tokens on two chains.');
  }
  if (arrivesAsNative(options, lane.to) && acrossChain(options, lane.to.chainId).multicallHandler === undefined) {
    throw new InvalidInputError(
      `chains[${lane.to.chainId}].multicallHandler`,
      undefined,
      `is needed to deliver ${lane.to.symbol} as a token`,
      'Give the address of the MulticallHandler.',
    );
  }
}
