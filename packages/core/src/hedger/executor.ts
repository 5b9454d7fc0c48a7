import type { Address } from '../model/token.js';
import type { VenueAdapter } from '../ports/venue.js';
import { NotAMarketError } from './errors.js';

/** Whatever makes calls. */
export interface Executor {
  readonly id: string;
  readonly name: string;
  targets(chainId: number): readonly Address[];
}

/**
 * An instrument as execution sees it: whose calls may go where. It is asked for no market, so the router never sees it.
 */
export function executorOf(instrument: Executor): VenueAdapter {
  const { id, name } = instrument;
  return Object.freeze({
    kind: 'venue',
    id,
    name,
    capabilities: Object.freeze({ chains: Object.freeze([]), curve: false, quote: false }),
    targets: (chainId) => instrument.targets(chainId),
    build: () => {
      throw new NotAMarketError(id);
    },
  } satisfies VenueAdapter);
}
