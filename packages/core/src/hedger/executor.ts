import type { InstrumentAdapter } from '../ports/instrument.js';
import type { VenueAdapter } from '../ports/venue.js';
import { NotAMarketError } from './errors.js';

/**
 * An instrument as execution sees it: whose calls may go where. It is asked for no market, so the router never sees it.
 */
export function executorOf(instrument: InstrumentAdapter): VenueAdapter {
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
