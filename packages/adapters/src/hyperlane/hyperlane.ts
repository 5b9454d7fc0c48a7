import type { Address, BridgeAdapter } from '@evenkeel/core';
import { throwIfAborted } from '../common/abort.js';
import { deepFreeze } from '../common/freeze.js';
import { buildTransfer } from './build.js';
import { checkOptions, type HyperlaneOptions, warpLanes } from './config.js';
import { quoteTransfer, transferLimits } from './quote.js';
import { recoverTransfer, trackTransfer } from './track.js';

/**
 * Hyperlane warp routes between collateral routers (docs.hyperlane.xyz): the origin's router locks the token and sends a
 * message, the destination's router pays the same amount from its collateral once validators have signed it.
 *
 * @throws {InvalidInputError} when a route names a chain that is not configured.
 * @example
 * ```ts
 * const bridge = hyperlane({ chains: { 1: { chain, domain: 1, mailbox }, … }, routes: [[usdcOn1, usdcOn10]], clock });
 * const { max, reason } = await bridge.limits(lane, signal); // the far side's collateral now
 * ```
 */
export function hyperlane(options: HyperlaneOptions): BridgeAdapter {
  checkOptions(options);
  return deepFreeze({
    kind: 'bridge',
    id: 'hyperlane',
    name: 'Hyperlane warp routes',
    capabilities: {
      lanes: warpLanes(options).map(({ from, to }) => ({ from: { ...from.token }, to: { ...to.token } })),
      destinationCalls: false,
      recoverable: options.proofs !== undefined,
    },
    targets: (chainId) => targetsOf(options, chainId),
    limits: async (lane, signal) => {
      throwIfAborted(signal);
      return transferLimits(options, lane, signal);
    },
    quote: async (request, signal) => {
      throwIfAborted(signal);
      return quoteTransfer(options, request, signal);
    },
    build: (fill) => buildTransfer(options, fill),
    track: async (transfer, signal) => {
      throwIfAborted(signal);
      return deepFreeze(await trackTransfer(options, transfer, signal));
    },
    recover: async (transfer, status, signal) => {
      throwIfAborted(signal);
      return recoverTransfer(options, transfer, status, signal);
    },
  } satisfies BridgeAdapter);
}

/** The routers, and the Mailbox for deliveries of our own. */
function targetsOf(options: HyperlaneOptions, chainId: number): readonly Address[] {
  const routers = options.routes
    .flat()
    .filter(({ token }) => token.chainId === chainId)
    .map(({ router }) => router);
  const mailbox = options.chains[chainId]?.mailbox;
  return mailbox === undefined || options.proofs === undefined ? routers : [...routers, mailbox];
}
