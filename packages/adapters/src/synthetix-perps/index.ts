export { readSynthetixPerpsAccount, type SynthetixPerpsAccount } from './account.js';
export * from './errors.js';
export { synthetixPerps, type SynthetixPerpsInstrumentOptions } from './instrument.js';
export { synthetixMarginTransfer } from './margin.js';
export { synthetixMargin, synthetixMarginAfter } from './margin-account.js';
export type { SynthetixPerpsMarket } from './market.js';
export { synthetixPerpsPositions, type SynthetixPerpsPositionsOptions } from './positions.js';
export { synthetixPerpsWatch, type SynthetixPerpsWatchOptions } from './watch.js';
export { synthetixMarginVenue } from './margin-venue.js';
