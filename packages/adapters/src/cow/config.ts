import type { Address, Chain, Clock } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { configuredOn } from '../common/configured-on.js';
import type { Gpv2Domain } from '../gpv2/index.js';
import type { CowOrderBook } from './order-book.js';

/** One deployment of CoW Protocol. */
export interface CowChain {
  readonly chain: Chain;
  /** GPv2Settlement. */
  readonly settlement: Address;
  /** GPv2VaultRelayer: the one that allowances are for. */
  readonly vaultRelayer: Address;
  readonly orderBook: CowOrderBook;
}

export interface CowOptions {
  /** For orders that go elsewhere than to CoW Protocol, on the same contracts. Default: `cow`. */
  readonly id?: string;
  /** Default: `CoW Protocol`. */
  readonly name?: string;
  readonly chains: Readonly<Record<number, CowChain>>;
  readonly clock: Clock;
  /** How long an order may be settled at most. Seconds; default 600. */
  readonly orderSeconds?: number;
  /** The limit price below what the order book said, but not below what is asked for. Basis points; default 50. */
  readonly slippageBps?: number;
  /** When solvers are expected to have settled. Seconds; default 30. */
  readonly fillSeconds?: number;
}

const ADAPTER_ID = 'cow';

export function idOf({ id = ADAPTER_ID }: Pick<CowOptions, 'id'>): string {
  return id;
}

export function chainOf(options: CowOptions, chainId: number): CowChain {
  return configuredOn(idOf(options), options.chains, chainId);
}

export function domainOf(options: CowOptions, chainId: number): Gpv2Domain {
  return { chainId, settlement: chainOf(options, chainId).settlement };
}

/** The options with their defaults. @throws {InvalidInputError} naming the field. */
export function termsOf(
  options: CowOptions,
): Required<Pick<CowOptions, 'orderSeconds' | 'slippageBps' | 'fillSeconds'>> {
  const { fillSeconds = 30, orderSeconds = 600, slippageBps = 50 } = options;
  for (const [field, value, most] of [
    ['orderSeconds', orderSeconds, 86_400],
    ['fillSeconds', fillSeconds, 86_400],
    ['slippageBps', slippageBps, 9_999],
  ] as const) {
    if (Number.isInteger(value) && value >= 0 && value <= most) continue;
    throw new InvalidInputError(field, value, 'is out of range', `Give a whole number from 0 to ${most}.`);
  }
  return { fillSeconds, orderSeconds, slippageBps };
}
