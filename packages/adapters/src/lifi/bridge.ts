import { type BridgeAdapter, type Lane, type LaneLimits, sameToken } from '@evenkeel/core';
import { throwIfAborted } from '../common/abort.js';
import { LaneUnsupportedError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { buildLifi } from './build.js';
import { lifiClient } from './client.js';
import { checkLanes, checkOptions, type LifiBridgeOptions } from './config.js';
import { lifiQuote, type QuoteTerms } from './quote.js';
import type { LifiStepAnswer } from './schemas.js';
import { trackLifi } from './track.js';

const ID = 'lifi';
const UINT256_MAX = (1n << 256n) - 1n;

/**
 * LI.FI as a bridge (docs.li.fi): quotes and transaction requests across chains; the SDK never executes anything. An
 * offer is refused unless it answers the request, adds up, and stays within the allowed contracts; a transfer that LI.FI
 * calls done is believed once the chain shows the payment.
 *
 * @throws {InvalidInputError} when the options name a chain that is not configured.
 * @example
 * ```ts
 * const bridge = lifiBridge({ integrator: 'my-app', chains: { 1: { chain, targets: [diamond] }, … }, lanes, clock });
 * const quote = await bridge.quote(request, AbortSignal.timeout(5_000));
 * ```
 */
export function lifiBridge(options: LifiBridgeOptions): BridgeAdapter {
  checkOptions(options);
  checkLanes(options);
  const client = lifiClient(options);
  return deepFreeze({
    kind: 'bridge',
    id: ID,
    name: 'LI.FI',
    capabilities: {
      lanes: options.lanes.map(({ from, to }) => ({ from: { ...from }, to: { ...to } })),
      destinationCalls: false,
      recoverable: false,
    },
    targets: (chainId) => [...(options.chains[chainId]?.targets ?? [])],
    limits: async (lane, signal) => {
      throwIfAborted(signal);
      checkLane(options, lane);
      return Promise.resolve(UNKNOWN_LIMITS);
    },
    quote: async (request, signal) => {
      throwIfAborted(signal);
      checkLane(options, { from: request.input.token, to: request.tokenOut });
      return lifiQuote(options, client, ID, request, (step) => bridgeTerms(options, step), signal);
    },
    build: (fill) => buildLifi(options, ID, fill),
    track: async (transfer, signal) => {
      throwIfAborted(signal);
      return deepFreeze(await trackLifi(options, client, ID, transfer, signal));
    },
  } satisfies BridgeAdapter);
}

const UNKNOWN_LIMITS: LaneLimits = Object.freeze({
  min: 1n,
  max: UINT256_MAX,
  reason: 'LI.FI states no limits; it refuses to quote what no tool can carry',
});

function checkLane(options: LifiBridgeOptions, lane: Lane): void {
  const known = options.lanes.some((each) => sameToken(each.from, lane.from) && sameToken(each.to, lane.to));
  if (!known) throw new LaneUnsupportedError(ID, lane);
}

function bridgeTerms(options: LifiBridgeOptions, { estimate, tool }: LifiStepAnswer): QuoteTerms {
  const { failureModes = {}, worstSeconds = 14_400 } = options;
  const expected = Math.ceil(estimate.executionDuration);
  return {
    kind: 'bridge',
    onFailure: failureModes[tool] ?? 'refund-by-claim',
    riskBearer: 'owner',
    timeSeconds: { expected, worst: Math.max(expected, worstSeconds) },
  };
}
