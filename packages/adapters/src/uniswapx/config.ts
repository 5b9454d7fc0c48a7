import type { Address, Chain, Clock } from '@evenkeel/core';
import { InvalidInputError, PERMIT2_ADDRESS } from '@evenkeel/intents';
import { configuredOn } from '../common/configured-on.js';
import type { UniswapXNetwork } from './network.js';

/** One deployment of UniswapX. */
export type UniswapXChain = {
  readonly chain: Chain;
  readonly reactor: Address;
  /** OrderQuoter, which tries an order out before it is given away. */
  readonly quoter: Address;
  /** Default: its canonical address. */
  readonly permit2?: Address;
} & (
  | { readonly kind: 'exclusive-dutch' }
  /** Who sets times and exclusivity; it can make the price only better. */
  | { readonly kind: 'v2-dutch'; readonly cosigner: Address }
);

export interface UniswapXOptions {
  readonly chains: Readonly<Record<number, UniswapXChain>>;
  readonly network: UniswapXNetwork;
  readonly clock: Clock;
  /** How long an order may be filled at most. Seconds; default 180. */
  readonly orderSeconds?: number;
  /** How long the price falls. Seconds; default 60. */
  readonly decaySeconds?: number;
  /** How far it falls below what the filler said, but not below what is asked for. Default 30. */
  readonly decayBps?: number;
  /** When a filler is expected to have filled. Seconds; default 15. */
  readonly fillSeconds?: number;
}

export const ADAPTER_ID = 'uniswapx';

export function chainOf(options: UniswapXOptions, chainId: number): UniswapXChain {
  return configuredOn(ADAPTER_ID, options.chains, chainId);
}

export function permit2Of({ permit2 = PERMIT2_ADDRESS }: UniswapXChain): Address {
  return permit2;
}

/** The options with their defaults. @throws {InvalidInputError} naming the field. */
export function timingOf(
  options: UniswapXOptions,
): Required<Pick<UniswapXOptions, 'orderSeconds' | 'decaySeconds' | 'decayBps' | 'fillSeconds'>> {
  const { decayBps = 30, decaySeconds = 60, fillSeconds = 15, orderSeconds = 180 } = options;
  for (const [field, value, most] of [
    ['orderSeconds', orderSeconds, 86_400],
    ['decaySeconds', decaySeconds, 86_400],
    ['fillSeconds', fillSeconds, 86_400],
    ['decayBps', decayBps, 9_999],
  ] as const) {
    if (Number.isInteger(value) && value >= 0 && value <= most) continue;
    throw new InvalidInputError(field, value, 'is out of range', `Give a whole number from 0 to ${most}.`);
  }
  return { decayBps, decaySeconds, fillSeconds, orderSeconds };
}
