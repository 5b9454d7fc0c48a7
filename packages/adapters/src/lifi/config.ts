import type { Address, Chain, Clock, FailureMode, Lane } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import type { ServicePatience } from '../common/service.js';

/** One chain on which LI.FI may be used. */
export interface LifiChain {
  readonly chain: Chain;
  /** The only contracts that its calls may go to and its approvals may name: LI.FI's diamond. */
  readonly targets: readonly Address[];
}

/** How LI.FI is reached, and what is believed of it. */
export interface LifiOptions {
  /** Name under which LI.FI knows this application. */
  readonly integrator: string;
  /** Default: `https://li.quest/v1`. */
  readonly apiUrl?: string;
  /** Raises the rate limit. Sent in a header, written nowhere. */
  readonly apiKey?: string;
  readonly chains: Readonly<Record<number, LifiChain>>;
  readonly clock: Clock;
  readonly patience?: Partial<ServicePatience>;
  /** Keys of LI.FI tools (`across`, `stargateV2` …); default: all. */
  readonly tools?: {
    readonly allowBridges?: readonly string[];
    readonly denyBridges?: readonly string[];
    readonly allowExchanges?: readonly string[];
    readonly denyExchanges?: readonly string[];
  };
  /** How long a quote may be accepted. Seconds; default 30. */
  readonly quoteLifeSeconds?: number;
  /** By how much a transfer without a swap may differ from what its own fees make it. Basis points; default 1. */
  readonly arithmeticToleranceBps?: number;
}

export interface LifiBridgeOptions extends LifiOptions {
  readonly lanes: readonly Lane[];
  /** What each tool does with money that it cannot deliver; default for the others: it has to be claimed. */
  readonly failureModes?: Readonly<Record<string, FailureMode>>;
  /** Longest time that a transfer may take. Seconds; default 14,400. */
  readonly worstSeconds?: number;
}

export function lifiChain(options: LifiOptions, chainId: number): LifiChain {
  const found = options.chains[chainId];
  if (found !== undefined) return found;
  throw new InvalidInputError('chains', chainId, 'does not name this chain', 'Add its chain and the allowed targets.');
}

/** @throws {InvalidInputError} that names the field. */
export function checkOptions(options: LifiOptions): void {
  if (options.integrator.trim() === '') {
    throw new InvalidInputError('integrator', options.integrator, 'is empty', 'Name your application.');
  }
  for (const [key, { chain, targets }] of Object.entries(options.chains)) {
    if (chain.id !== Number(key)) {
      throw new InvalidInputError(`chains[${key}].chain`, chain.id, 'is another chain', `Give chain ${key}.`);
    }
    if (targets.length === 0) {
      const hint = 'Name the LI.FI diamond of the chain.';
      throw new InvalidInputError(`chains[${key}].targets`, targets, 'allows no contract', hint);
    }
  }
}

/** @throws {InvalidInputError} when a lane names a chain that is not configured. */
export function checkLanes(options: LifiBridgeOptions): void {
  options.lanes.forEach(({ from, to }, index) => {
    if (from.chainId === to.chainId) {
      const hint = 'Use lifiVenue for swaps.';
      throw new InvalidInputError(`lanes[${index}]`, to.chainId, 'stays on one chain', hint);
    }
    lifiChain(options, from.chainId);
    lifiChain(options, to.chainId);
  });
}
