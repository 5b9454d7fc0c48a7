import type { QuoteRequest, VenueAdapter } from '@evenkeel/core';
import { InvalidInputError } from '@evenkeel/intents';
import { throwIfAborted } from '../common/abort.js';
import { FillMismatchError, LaneUnsupportedError } from '../common/errors.js';
import { deepFreeze } from '../common/freeze.js';
import { buildLifi } from './build.js';
import { lifiClient } from './client.js';
import { checkOptions, type LifiOptions } from './config.js';
import { lifiQuote, type QuoteTerms } from './quote.js';

const ID = 'lifi-swap';

const TERMS: QuoteTerms = { kind: 'venue', onFailure: 'revert', timeSeconds: { expected: 0, worst: 0 } };

/**
 * LI.FI as a market on one chain: opaque offers of the exchanges behind it. Same checks as for the bridge. Their
 * calldata takes no deadline of ours, so a fill that ends before its quote does is refused.
 *
 * @throws {InvalidInputError} when the options are wrong.
 * @example
 * ```ts
 * const venue = lifiVenue({ integrator: 'my-app', chains: { 1: { chain, targets: [diamond] } }, clock });
 * ```
 */
export function lifiVenue(options: LifiOptions): VenueAdapter & Required<Pick<VenueAdapter, 'quote'>> {
  checkOptions(options);
  const client = lifiClient(options);
  return deepFreeze({
    kind: 'venue',
    id: ID,
    name: 'LI.FI swaps',
    capabilities: { chains: Object.keys(options.chains).map(Number), curve: false, quote: true },
    targets: (chainId) => [...(options.chains[chainId]?.targets ?? [])],
    quote: async (request, signal) => {
      throwIfAborted(signal);
      checkPair(options, request);
      return lifiQuote(options, client, ID, request, () => TERMS, signal);
    },
    build: (fill) => {
      if (fill.kind === 'quote') return buildLifi(options, ID, fill);
      throw new FillMismatchError(ID, 'fill.kind', fill.kind, 'is a fill of a curve, which this venue does not have');
    },
  } satisfies VenueAdapter);
}

function checkPair(options: LifiOptions, { input, tokenOut }: QuoteRequest): void {
  const lane = { from: input.token, to: tokenOut };
  if (input.token.chainId !== tokenOut.chainId) throw new LaneUnsupportedError(ID, lane, 'crosses chains');
  if (options.chains[tokenOut.chainId] !== undefined) return;
  throw new InvalidInputError('request.tokenOut', tokenOut.chainId, 'is on a chain without LI.FI', 'Configure it.');
}
