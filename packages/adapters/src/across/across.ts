import type { BridgeAdapter, Lane, LaneLimits, Quote, QuoteRequest } from '@evenkeel/core';
import * as v from 'valibot';
import { throwIfAborted } from '../common/abort.js';
import { deepFreeze } from '../common/freeze.js';
import { contractRead, readContracts } from '../common/read.js';
import { spokePoolAbi } from './abi.js';
import type { ArrivalAction } from './action.js';
import { buildDeposit } from './build.js';
import { acrossChain, type AcrossOptions, checkOptions, configuredLane } from './config.js';
import { quoteDeposit } from './quote.js';
import { recoverDeposit, trackDeposit } from './track.js';

/** The Across bridge, and what it can do beyond a plain transfer. */
export interface AcrossAdapter extends BridgeAdapter {
  /**
   * Like `quote`, with calls on arrival. `request.tokenOut` is what the calls yield; when they fail, the bridged token
   * arrives instead and the transfer ends as *filled otherwise*.
   */
  quoteWithAction(request: QuoteRequest, action: ArrivalAction, signal: AbortSignal): Promise<Quote>;
}

/**
 * Across (docs.across.to): a deposit on the origin is an order that relayers fill on the destination from their own
 * money; what nobody fills by its deadline is refunded on the origin by a root bundle.
 *
 * @throws {InvalidInputError} when a lane names a chain that is not configured.
 * @example
 * ```ts
 * const bridge = across({ chains: { 1: { chain, spokePool }, 10: { … } }, lanes, fees: acrossApiFees({ clock }), clock });
 * const quote = await bridge.quote(request, signal);
 * const calls = bridge.build({ kind: 'quote', quote, sender, recipient, deadline });
 * ```
 */
export function across(options: AcrossOptions): AcrossAdapter {
  checkOptions(options);
  return deepFreeze({
    kind: 'bridge',
    id: 'across',
    name: 'Across',
    capabilities: {
      lanes: options.lanes.map(({ from, to }) => ({ from: { ...from }, to: { ...to } })),
      destinationCalls: true,
      recoverable: true,
    },
    targets: (chainId) => (options.chains[chainId] === undefined ? [] : [options.chains[chainId].spokePool]),
    limits: async (lane, signal) => {
      throwIfAborted(signal);
      return laneLimits(options, lane, signal);
    },
    quote: async (request, signal) => {
      throwIfAborted(signal);
      return quoteDeposit(options, request, undefined, signal);
    },
    quoteWithAction: async (request, action, signal) => {
      throwIfAborted(signal);
      return quoteDeposit(options, request, action, signal);
    },
    build: (fill) => buildDeposit(options, fill),
    track: async (transfer, signal) => {
      throwIfAborted(signal);
      return deepFreeze(await trackDeposit(options, transfer, signal));
    },
    recover: (transfer, status) => new Promise((resolve) => resolve(recoverDeposit(options, transfer, status))),
  } satisfies AcrossAdapter);
}

/** What the source says, unless the contracts are paused. */
async function laneLimits(options: AcrossOptions, asked: Lane, signal: AbortSignal): Promise<LaneLimits> {
  const lane = configuredLane(options, asked);
  const from = acrossChain(options, lane.from.chainId);
  const to = acrossChain(options, lane.to.chainId);
  const [limits, deposits, fills] = await Promise.all([
    options.fees.limits(lane, signal),
    readContracts(from.chain, [contractRead(spokePoolAbi, from.spokePool, 'pausedDeposits', [], v.boolean())], signal),
    readContracts(to.chain, [contractRead(spokePoolAbi, to.spokePool, 'pausedFills', [], v.boolean())], signal),
  ]);
  const pausedOn = deposits.values[0] ? from.chain.id : fills.values[0] ? to.chain.id : undefined;
  return pausedOn === undefined
    ? limits
    : Object.freeze({ min: limits.min, max: 0n, reason: `Across is paused on chain ${pausedOn}` });
}
